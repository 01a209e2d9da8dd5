#!/usr/bin/env python3
"""The scenario files, played by the program with real ops: as expected, and the same in any order of the file."""
import json
import pathlib
import random
import tempfile
import unittest

import peers

FOLDER = pathlib.Path(__file__).parent.parent / "scenarios"
FILES = sorted(FOLDER.rglob("*.json"))
WORLDS = sorted((FOLDER / "known-worlds").glob("*.json"))
SHUFFLES = 6


def play(files):
    outcome = peers.run("scenario", "run", *files, "--json")
    return outcome.code, outcome.lines()


def shuffled(scenario, rng):
    """The same history with ops, ancestors and cuts written down in another order."""
    ops = [dict(op) for op in scenario["ops"]]
    for op in ops:
        for key in ("deps", "cut"):
            if key in op:
                op[key] = rng.sample(op[key], len(op[key]))
    rng.shuffle(ops)
    return {**scenario, "ops": ops}


class Scenarios(unittest.TestCase):
    maxDiff = None

    def test_all_are_as_expected(self):
        self.assertGreaterEqual(len(FILES), 190)
        code, lines = play(FILES)
        wrong = [line["file"] for line in lines if line["expected"] is not True]
        self.assertEqual((code, len(lines), wrong), (0, len(FILES), []))

    def test_known_worlds_say_what_decides(self):
        self.assertGreaterEqual(len(WORLDS), 70)
        _, lines = play(WORLDS)
        for path, line in zip(WORLDS, lines, strict=True):
            scenario = json.loads(path.read_text())
            found = {
                op: {key: reason[key] for key in ("rule", "name" if op in line["invalid"] else "by")}
                for op, reason in line["reasons"].items()
            }
            with self.subTest(path.stem):
                self.assertEqual(scenario["expect"].get("reasons", {}), found)
                self.assertTrue(scenario["elsewhere"])

    def test_known_worlds_stand_in_the_specification(self):
        page = (FOLDER.parent.parent / "protocol-spec/known-worlds.md").read_text()
        for path in WORLDS:
            self.assertEqual(page.count(f"known-worlds/{path.name}"), 1, path.name)

    def test_the_order_in_the_file_does_not_matter(self):
        rng = random.Random(1)
        _, lines = play(FILES)
        told = [{key: value for key, value in line.items() if key != "file"} for line in lines]
        moved = 0
        for _ in range(SHUFFLES):
            with tempfile.TemporaryDirectory() as folder:
                copies = []
                for number, path in enumerate(FILES):
                    scenario = json.loads(path.read_text())
                    other = shuffled(scenario, rng)
                    moved += other["ops"] != scenario["ops"]
                    copies.append(pathlib.Path(folder) / f"{number}.json")
                    copies[-1].write_text(json.dumps(other))
                _, again = play(copies)
            for path, before, line in zip(FILES, told, again, strict=True):
                line.pop("file")
                with self.subTest(path.stem):
                    self.assertEqual(before, line)
        # A shuffle that moves nothing tests nothing.
        self.assertGreater(moved, SHUFFLES * len(FILES) // 2)


if __name__ == "__main__":
    peers.main()
