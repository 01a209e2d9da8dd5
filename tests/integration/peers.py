"""Devices in temporary homes, driven through the built program. MOOT names the program."""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

MOOT = os.environ.get("MOOT", "")


class Outcome:
    """What a command left behind."""

    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.decode()
        self.err = process.stderr.decode()

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def error(self):
        return json.loads(self.err.strip().splitlines()[-1])["error"]


def run(*arguments, home=None, text=None, env=None, timeout=120, cwd=None):
    command = [MOOT] + ([] if home is None else ["--home", str(home)]) + [str(a) for a in arguments]
    given = text.encode() if isinstance(text, str) else text
    return Outcome(
        subprocess.run(command, input=given or b"", capture_output=True, timeout=timeout, env=env, cwd=cwd)
    )


def ticket_at(ticket, inviter, address):
    """The open ticket as another member would hand it on: with their key and their address."""
    raw = base64.urlsafe_b64decode(ticket[5:] + "=" * (-len(ticket[5:]) % 4))
    level_and_group, secret = raw[:33], raw[65:97]
    body = level_and_group + bytes.fromhex(inviter) + secret + bytes([1, len(address)]) + address.encode()
    body += hashlib.blake2b(b"folkmoot ticket 2" + body, digest_size=32).digest()[:4]
    return "moot2" + base64.urlsafe_b64encode(body).decode().rstrip("=")


class Device:
    def __init__(self, folder, name):
        self.name = name
        self.home = pathlib.Path(folder) / name
        self.daemon = None
        self.address = None
        made = self("init", "--name", name)
        assert made.code == 0, made.err
        self.key = self("id", "--json").json()["key"]

    def __call__(self, *arguments, **options):
        return run(*arguments, home=self.home, **options)

    def ok(self, *arguments, **options):
        outcome = self(*arguments, **options)
        assert outcome.code == 0, f"{self.name}: {arguments}: {outcome.code}\n{outcome.out}\n{outcome.err}"
        return outcome

    def knows(self, *others):
        for other in others:
            self.ok("contact", "add", other.name, other.key)

    def serve(self, *arguments):
        self.daemon = subprocess.Popen(
            [MOOT, "--home", str(self.home), "serve", "--listen", "127.0.0.1:0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        line = self.daemon.stdout.readline().decode()
        assert line.startswith("listening on "), line
        self.address = line.split()[-1]

    def stop(self, how=signal.SIGTERM):
        if self.daemon is None:
            return 0
        self.daemon.send_signal(how)
        self.daemon.stdout.close()
        code = self.daemon.wait(timeout=30)
        self.daemon = None
        return code


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="moot-test-"))
        self.devices = []

    def tearDown(self):
        for device in self.devices:
            device.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def device(self, name):
        device = Device(self.folder, name)
        self.devices.append(device)
        return device

    def fails(self, outcome, code, name=None):
        self.assertEqual(outcome.code, code, outcome.out + outcome.err)
        if name is not None:
            error = outcome.error()
            self.assertEqual(error["name"], name)
            self.assertEqual(set(error), {"code", "name", "text", "fault"})
            self.assertGreater(error["code"], 0)
            self.assertTrue(error["text"])
            self.assertIn(error["fault"], {"op", "peer", "disk", "user", "build"})


def main():
    if not MOOT or not os.path.exists(MOOT):
        print("MOOT must name the program")
        sys.exit(2)
    unittest.main(verbosity=2)
