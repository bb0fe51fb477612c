"""A pseudo terminal with a program in it, and the screen that the program draws."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

# A control sequence (ECMA-48, section 5.4), another escape, or one character.
PIECES = re.compile(r"\x1b\[([?0-9;]*)([@-~])|\x1b(.)|([^\x1b])", re.DOTALL)


class Screen:
    """The part of a terminal that `shopstream top` uses: home, line breaks, erasing, styles, the other screen.

    What does not fit is a failure, except between a change of the size and the first picture that fits it: the program
    may have drawn one before it knew."""

    def __init__(self, columns, rows):
        self.is_alternate = False
        self.is_cursor_shown = self.wraps = True
        self.resize(columns, rows)
        self.awaits_size = False

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.cells = [[(" ", "")] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.style = ""
        self.awaits_size = True
        self.fits = False

    def overflow(self, what):
        assert self.awaits_size, what
        self.fits = False

    def feed(self, text):
        for match in PIECES.finditer(text):
            parameters, final, other, character = match.groups()
            assert other is None, f"an escape sequence that the screen does not know: {match.group()!r}"
            if character:
                self.put(character)
            else:
                self.control(parameters, final)

    def control(self, parameters, final):
        if final == "H" and not parameters:
            self.row = self.column = 0
            self.fits = True
        elif final == "K" and not parameters:
            self.cells[self.row][self.column:] = [(" ", "")] * (self.columns - self.column)
        elif final == "J":
            start = 0 if parameters == "2" else self.row + 1
            if parameters != "2":
                self.control("", "K")
            for row in range(start, self.rows):
                self.cells[row] = [(" ", "")] * self.columns
            self.awaits_size = self.awaits_size and not self.fits
        elif final == "m":
            self.style = "" if parameters in ("", "0") else parameters
        elif final in "hl" and parameters == "?1049":
            self.is_alternate = final == "h"
        elif final in "hl" and parameters == "?25":
            self.is_cursor_shown = final == "h"
        elif final in "hl" and parameters == "?7":
            self.wraps = final == "h"
        else:
            raise AssertionError(f"a control sequence that the screen does not know: {parameters}{final}")

    def put(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            if self.row + 1 < self.rows:
                self.row += 1
            else:
                self.overflow("the screen would scroll")
        else:
            assert ord(character) >= 0x20, f"a control character: {character!r}"
            width = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if self.column + width > self.columns:
                return self.overflow("the line is longer than the screen is wide")
            self.cells[self.row][self.column] = (character, self.style)
            if width == 2:
                self.cells[self.row][self.column + 1] = ("", "")
            self.column += width

    @property
    def lines(self):
        return ["".join(character for character, _ in row).rstrip() for row in self.cells]

    @property
    def text(self):
        return "\n".join(self.lines)


class PseudoTerminal:
    """`command` in a terminal of its own, whose modes a test can read."""

    def __init__(self, command, env, columns=80, rows=24):
        self.master, slave = pty.openpty()
        self.screen = Screen(columns, rows)
        self.set_size(columns, rows)
        self.modes_before = termios.tcgetattr(slave)

        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            command, env=env, stdin=slave, stdout=slave, stderr=slave, close_fds=True, preexec_fn=take_terminal
        )
        self.slave = slave
        self.pending = b""

    def set_size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        """Changes the size; the kernel sends SIGWINCH."""
        self.read()
        self.screen.resize(columns, rows)
        self.set_size(columns, rows)

    def read(self, seconds=0.0):
        """Takes what the program has written, and waits for some if there is none."""
        while select.select([self.master], [], [], seconds)[0]:
            try:
                self.pending += os.read(self.master, 65536)
            except OSError:
                return
            seconds = 0
            # A character may be cut in two, and so may a control sequence.
            complete = self.pending.rfind(b"\x1b") if b"\x1b" in self.pending[-16:] else len(self.pending)
            text, self.pending = self.pending[:complete], self.pending[complete:]
            while True:
                try:
                    decoded = text.decode()
                    break
                except UnicodeDecodeError:
                    text, self.pending = text[:-1], text[-1:] + self.pending
            self.screen.feed(decoded)

    def wait_for(self, condition, what, seconds=15):
        """Reads until the condition holds of the screen."""
        deadline = time.monotonic() + seconds
        while not condition(self.screen):
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s\n{self.screen.text}"
            self.read(0.1)

    def press(self, keys):
        os.write(self.master, keys)

    def end(self, seconds=10):
        """Waits for the program's end, and returns its status. Its last output is on the screen."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"the program did not end\n{self.screen.text}"
            self.read(0.05)
        self.read()
        if self.pending:
            text, self.pending = self.pending.decode(), b""
            self.screen.feed(text)
        return self.process.returncode

    def is_restored(self):
        """Whether the terminal is as it was: modes, screen, cursor, wrapping."""
        screen = self.screen
        modes = termios.tcgetattr(self.slave)
        return modes == self.modes_before and screen.is_cursor_shown and screen.wraps and not screen.is_alternate

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
