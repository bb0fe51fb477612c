# Shared by the scripts of this folder; sourced, never run. Sets `root` and goes there.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

# Everything that the tools make is in here: ignored by git, safe to delete.
tools_build=$root/.build/tools

# What makes certificates (`make_certificate`), and is a client of TLS in the tests.
packages_tls=(openssl)
# What a build needs of Debian beside Swift, and what the tests need beside that.
packages_build=(libssl-dev libpq-dev liburing-dev libsqlite3-dev pkg-config curl python3)
packages_test=(python3-venv postgresql chromium nodejs node-ws golang-go golang-github-gorilla-websocket-dev
    strace python3-seccomp "${packages_tls[@]}")
# What makes the Debian package (tools/package), and what installs it into a Debian of its own and into an image of
# containers (the stage `package`).
packages_package=(dpkg-dev binutils)
packages_package_test=(debootstrap systemd-container buildah)
# What the servers to compare with are built of (Benchmarks/Peers).
packages_peers=(golang-go golang-github-gorilla-websocket-dev golang-github-gin-gonic-gin-dev golang-github-google-uuid-dev
    golang-github-lib-pq-dev)

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$(basename "$0"): $*"
    exit 1
}

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

# Debian's PostgreSQL makes a cluster when it is installed, and starts it. The tests make their own and do not need it.
refuse_main_cluster() {
    local configuration=/etc/postgresql-common/createcluster.conf
    [ ! -e "$configuration" ] || return 0
    as_root mkdir -p "${configuration%/*}"
    printf '%s\n' "# See pg_createcluster(1)." "create_main_cluster = false" | as_root tee "$configuration" >/dev/null
}

# Installs those of the named Debian packages that are missing. Elsewhere than on Debian it names them and goes on.
need_packages() {
    local name missing=()
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "No Debian here: see to it that you have the likes of $*"
        return
    fi
    for name; do
        # A distribution of Node.js other than Debian's serves as well.
        if [ "$name" = nodejs ] && command -v node >/dev/null; then continue; fi
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Installing ${missing[*]}"
    case " ${missing[*]} " in *" postgresql "*) refuse_main_cluster ;; esac
    local log=$tools_build/apt.log
    mkdir -p "$tools_build"
    as_root apt-get update -qq >"$log" 2>&1 || true # a stale list may still serve
    as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
        apt-get install -y -q --no-install-recommends "${missing[@]}" >>"$log" 2>&1 ||
        { tail -20 "$log" >&2; die "could not install ${missing[*]}"; }
}

# unpack NAME PROGRAM PACKAGE…: unpacks Debian packages into $tools_build/NAME, unless PROGRAM is there. They are not
# installed, as an installed server starts as a service.
unpack() {
    local name=$1 program=$2 folder=$tools_build/$1 log=$tools_build/apt.log package
    shift 2
    if [ -x "$folder/$program" ] || ! command -v apt-get >/dev/null; then return 0; fi
    say "Unpacking $*"
    rm -rf "$folder" "$folder.deb"
    mkdir -p "$folder.deb"
    download() { (cd "$folder.deb" && apt-get download -qq "$@" >"$log" 2>&1); }
    # A machine that needed no package so far may have no lists of packages.
    download "$@" || { as_root apt-get update -qq && download "$@"; } ||
        { tail -5 "$log" >&2; die "could not download $name"; }
    for package in "$folder.deb"/*.deb; do dpkg-deb -x "$package" "$folder"; done
    rm -rf "$folder.deb"
}

# Sees to it that the peers of Benchmarks/Peers can be built and run.
need_peers() {
    need_packages "${packages_peers[@]}"
    # nchan makes a folder here, whatever the configuration says.
    [ -d /var/lib/nginx ] || as_root mkdir -p /var/lib/nginx
    unpack nginx usr/sbin/nginx nginx libnginx-mod-nchan
}

# Sees to it that the proxies are there whose configurations tools/proxies has: $tools_build/nginx/usr/sbin/nginx and
# $tools_build/haproxy/usr/sbin/haproxy, the latter with libraries of its own.
need_proxies() {
    unpack nginx usr/sbin/nginx nginx libnginx-mod-nchan
    unpack haproxy usr/sbin/haproxy haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1
}

# Sees to it that `promtool` is there: $tools_build/prometheus/usr/bin/promtool.
need_promtool() { unpack prometheus usr/bin/promtool prometheus; }

need_swift() {
    command -v swift >/dev/null || die "no swift on the PATH: install Swift 6.2 or newer from swift.org"
}

# Prints a TCP port of loopback that no process listens on at the moment.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Makes the Python environment of the tests, again when requirements.txt or the interpreter changed; sets `python`.
need_python_environment() {
    local requirements=Tests/Integration/requirements.txt venv=$tools_build/python stamp
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' || die "python3 is older than 3.9"
    stamp=$(python3 -c 'import sys; print(sys.version)' | cat - "$requirements" | cksum)
    python=$venv/bin/python
    if [ -x "$python" ] && [ "$(cat "$venv/stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
    say "Making the Python environment of the tests"
    python3 -m venv --clear "$venv" || die "python3 -m venv failed: is python3-venv installed?"
    "$python" -m pip install -q --disable-pip-version-check -r "$requirements" || die "pip could not install $requirements"
    printf '%s\n' "$stamp" >"$venv/stamp"
}

# Sees to it that FOLDER has a self-signed certificate for localhost and 127.0.0.1, `certificate.pem`, and its key,
# `key.pem`: made again when it is good for less than a day.
make_certificate() {
    local folder=$1
    need_packages "${packages_tls[@]}"
    if [ -s "$folder/key.pem" ] &&
        openssl x509 -in "$folder/certificate.pem" -checkend 86400 -noout >/dev/null 2>&1; then return; fi
    mkdir -p "$folder"
    cat >"$folder/request.conf" <<'CONF'
[req]
distinguished_name = name
x509_extensions = leaf
prompt = no
[name]
commonName = localhost
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
CONF
    (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 30 -sha256 \
        -config "$folder/request.conf" -keyout "$folder/key.pem" -out "$folder/certificate.pem" \
        >"$folder/openssl.log" 2>&1) || { cat "$folder/openssl.log" >&2; die "openssl could not make a certificate"; }
}

# Waits until PID listens: until `curl [OPTION …] URL` succeeds; fails when the process ends first or after 30 s.
wait_until_ready() {
    local pid=$1 deadline=$((SECONDS + 30))
    shift
    until curl -fsS -o /dev/null --max-time 2 "$@" 2>/dev/null; do
        kill -0 "$pid" 2>/dev/null || return 1
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.1
    done
}
