"""What every test may rely on."""

import os
import sysconfig

# Tests start `deskhand`, `node` and `caddy` by name: the environment's own come first, however pytest was started.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
