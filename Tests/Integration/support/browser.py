"""Headless Chromium by its DevTools protocol: tabs, scripts, keys and pictures."""

import base64
import itertools
import json
import os
import pathlib
import shutil
import subprocess

from websockets.sync.client import connect

from .deadline import wait_until


def find_chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    raise RuntimeError("no Chromium: tools/test installs it")


class Browser:
    """One browser with a profile of its own; close it with `end`. It accepts the certificate whose
    public key has the hash `trusted_key_hash`, and otherwise those that the machine does."""

    def __init__(self, folder, trusted_key_hash=None):
        profile = pathlib.Path(folder) / "profile"
        flags = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--disable-gpu",
                 "--no-first-run", "--disable-extensions", "--disable-background-networking",
                 "--disable-dev-shm-usage", "--disable-background-timer-throttling",
                 "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
                 "--hide-scrollbars", "--window-size=1000,760"]  # fmt: skip
        if trusted_key_hash:
            flags.append(f"--ignore-certificate-errors-spki-list={trusted_key_hash}")
        if os.getuid() == 0:
            flags.append("--no-sandbox")  # Chromium's sandbox refuses root, which is what containers run as
        self.process = subprocess.Popen(
            [find_chromium(), *flags, "about:blank"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        port_file = profile / "DevToolsActivePort"
        lines = wait_until(
            lambda: port_file.exists() and len(port_file.read_text().split("\n")) == 2 and port_file.read_text(),
            30, "Chromium listens",
        ).split("\n")  # fmt: skip
        self.socket = connect(f"ws://127.0.0.1:{lines[0]}{lines[1]}", max_size=None, ping_interval=None, proxy=None)
        self.numbers = itertools.count(1)

    def call(self, method, session=None, **parameters):
        """Calls a method of the protocol and returns its result; events are skipped."""
        number = next(self.numbers)
        call = {"id": number, "method": method, "params": parameters}
        if session:
            call["sessionId"] = session
        self.socket.send(json.dumps(call))
        while True:
            answer = json.loads(self.socket.recv(timeout=30))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def open(self, url, **screen):
        return Tab(self, url, **screen)

    def end(self):
        try:
            self.call("Browser.close")
            self.process.wait(timeout=10)
        except Exception:  # whatever it was: the process must not stay
            self.process.kill()
            self.process.wait()


class Tab:
    """A window with one page; `before` is a script that runs before those of the page."""

    def __init__(self, browser, url, width=1000, height=760, dark=False, scale=1, mobile=False, before=""):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=mobile)  # fmt: skip
        scheme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        # What goes wrong in the page is kept, so that a test can ask for it.
        self.call("Page.addScriptToEvaluateOnNewDocument", source="""
            window.problems = [];
            addEventListener("error", (event) => problems.push(String(event.message)));
            addEventListener("unhandledrejection", (event) => problems.push(String(event.reason)));
            addEventListener("securitypolicyviolation", (event) => problems.push("CSP " + event.blockedURI));""" + before)
        self.call("Page.navigate", url=url)
        self.wait_for("location.href !== 'about:blank' && document.readyState === 'complete'", 20, "the page loaded")

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def evaluate(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, script, seconds=15, what=None):
        return wait_until(lambda: self.evaluate(script), seconds, what or script)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def press_enter(self):
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        self.call("Input.dispatchKeyEvent", type="keyDown", **key)
        self.call("Input.dispatchKeyEvent", type="keyUp", **key)

    def click(self, selector):
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def screenshot(self, path, whole=False):
        """Of what is in view, or of the whole page."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))
