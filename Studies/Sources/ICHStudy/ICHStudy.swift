// Study 1.
