"""python -m ganctl"""

import os
import sys

# The working folder comes first on the path then, and a keras.py in it would be taken for Keras.
if sys.path[:1] == [os.getcwd()] and not os.path.isdir("ganctl"):
    del sys.path[0]

from ganctl.cli import main

sys.exit(main())
