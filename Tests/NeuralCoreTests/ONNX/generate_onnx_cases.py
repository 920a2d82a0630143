"""Writes ONNX's node tests as folders of protobuf files: python generate_onnx_cases.py FOLDER."""
import os
import sys

import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases


def main(folder):
    for case in collect_testcases(None):
        if case.model is None or not case.data_sets:
            continue
        inputs, outputs = case.data_sets[0]
        try:
            tensors = [
                (f"{kind}_{index}.pb",
                 value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(value))
                for kind, values in (("input", inputs), ("output", outputs))
                for index, value in enumerate(values)
            ]
        except (TypeError, ValueError, AttributeError, NotImplementedError):
            continue  # sequences, maps and optionals are no tensors
        place = os.path.join(folder, case.name, "test_data_set_0")
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(folder, case.name, "model.onnx"), "wb") as file:
            file.write(case.model.SerializeToString())
        for name, tensor in tensors:
            with open(os.path.join(place, name), "wb") as file:
                file.write(tensor.SerializeToString())


main(sys.argv[1])
