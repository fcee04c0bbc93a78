"""Run `aws` command lines as they come on stdin, each in a process of its own. For the judges' Python.

What costs most of a command is to import it: that is done once here, and every command is a fork, which runs
the program itself. A line is JSON: {"program", "words", "env", "folder", "out", "err", "timeout_s"}; the exit
code of each is a line on stdout.
"""

import gc
import json
import os
import runpy
import signal
import sys

import awscli.clidriver


def run(asked):
    """Become the command."""
    signal.alarm(asked["timeout_s"])
    for number, path in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.chdir(asked["folder"])
    os.environ.update(asked["env"])  # beside what importing has set
    sys.argv = [asked["program"], *asked["words"]]
    runpy.run_path(asked["program"], run_name="__main__")


awscli.clidriver.create_clidriver()  # for what it imports
gc.freeze()
for line in sys.stdin:
    child = os.fork()
    if not child:
        run(json.loads(line))
        sys.exit()
    sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
    sys.stdout.flush()
