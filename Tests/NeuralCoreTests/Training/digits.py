"""Writes scikit-learn's digits: python digits.py FOLDER makes FOLDER/digits.npz."""

import sys

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
np.savez(f"{sys.argv[1]}/digits.npz", images=digits.images.astype("float32") / 16,
         labels=digits.target.astype("int64"))
print("made digits")
