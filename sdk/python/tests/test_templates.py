import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from posthouse_sdk import build

SDK = Path(__file__).parents[1]


class Templates(unittest.TestCase):
    def test_each_passes_its_own_test_and_uses_what_its_manifest_asks_for(self):
        for world in build.WORLDS:
            with self.subTest(world), tempfile.TemporaryDirectory() as folder:
                shutil.copytree(SDK / "template" / world, folder, dirs_exist_ok=True)
                command = [sys.executable, "-m", "unittest", "discover", "tests"]
                environment = {**os.environ, "PYTHONPATH": str(SDK)}
                done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn("Ran 2 tests", done.stderr)
                manifest = (Path(folder) / "plugin.toml").read_text().split("[capabilities]")[1]
                asked = {line.split(" = ")[0] for line in manifest.splitlines() if " = " in line} - {"secrets"}
                self.assertEqual(set(build.used(str(Path(folder) / "src"), "plugin")), asked)


if __name__ == "__main__":
    unittest.main()
