#!/usr/bin/env bash
# Run once by Gradescope, when the autograder's image is made. Add the compilers and interpreters of your course.
set -euo pipefail
apt-get update
apt-get install -y --no-install-recommends libpcap0.8 bubblewrap util-linux python3 gcc g++ make
chmod -R go-rwx /autograder/source
chmod +x /autograder/source/sockconf/sockconf
