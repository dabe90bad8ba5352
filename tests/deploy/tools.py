# SPDX-License-Identifier: Apache-2.0
"""What the tests of deploy/ share: running tools, and saying which one is missing."""
import shutil
import subprocess
import sys


def skip(reason):
    """Ends the whole program as skipped; tests/run lists it with the reason."""
    print(f"SKIPPED: {reason}")
    sys.exit(0)


def need(program, package):
    if shutil.which(program) is None:
        skip(f"{program} is missing (apt-get install {package})")


def run(*command, **options):
    """Exit status and everything that was said."""
    done = subprocess.run(list(map(str, command)), text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **options)
    return done.returncode, done.stdout


def yaml_documents(path):
    """Every document of a YAML file, or of several."""
    try:
        import yaml
    except ImportError:
        skip("python3-yaml is missing (apt-get install python3-yaml)")
    return [document for document in yaml.safe_load_all(path.read_text()) if document]
