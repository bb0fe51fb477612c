"""Runs a command under a seccomp profile of containers (JSON of the OCI), by libseccomp, as their runtime would.

usage: python3 -m support.seccompprofile PROFILE ACTION COMMAND …

ACTION is what a call that the profile does not allow does: `errno`, as the profile says, or `kill`, which ends the
process. The interpreter must be Debian's, which has the module `seccomp` (python3-seccomp).
"""

import json
import os
import sys

import seccomp

COMPARISONS = {"SCMP_CMP_EQ": seccomp.EQ, "SCMP_CMP_MASKED_EQ": seccomp.MASKED_EQ}


def argument(condition):
    values = [condition["value"]] + ([condition["valueTwo"]] if "valueTwo" in condition else [])
    return seccomp.Arg(condition["index"], COMPARISONS[condition["op"]], *values)


def load(profile, action):
    others = {"errno": seccomp.ERRNO(profile["defaultErrnoRet"]), "kill": seccomp.KILL_PROCESS}[action]
    rules = seccomp.SyscallFilter(others)
    for rule in profile["syscalls"]:
        result = seccomp.ALLOW if rule["action"] == "SCMP_ACT_ALLOW" else seccomp.ERRNO(rule["errnoRet"])
        for name in rule["names"]:
            # As the runtime does, a name that this architecture or this libseccomp does not have is left out.
            if seccomp.resolve_syscall(seccomp.Arch(), name) != -1:
                rules.add_rule(result, name, *map(argument, rule.get("args", [])))
    rules.load()


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        load(json.load(file), sys.argv[2])
    os.execvp(sys.argv[3], sys.argv[3:])
