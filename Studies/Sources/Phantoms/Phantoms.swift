// Head phantoms.
