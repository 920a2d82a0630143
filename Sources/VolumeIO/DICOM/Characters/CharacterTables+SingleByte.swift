// Double-byte characters, packed: 16-bit code points in the order of their codes, the difference of each
// to the one before, all high bytes, then all low bytes, deflated, as base64. 0 is no character.
// Source: the Unicode Consortium's mappings, as Python's codecs have them.

extension CharacterTables {
  static let singleByte: StaticString = """
    Y2CgLfjPwPjvP4iCoP9QPuNfEB/I/A8ThkCIFjDjP1QHXnmgOSCjGKECIMZ/qBoYH6z+P8I9SEZAxPHJAw1HOB5qJcL9IB
    ugOqEuRDIM6g788ox/mZEC6w8zxeEt8xjVvD//4Z5iYPv1H1kp208QZsNp1E+wIhzicCDP8ECB4T6QwQQMqv8KD0AsBoa/
    YAwiMQBJnvzD8J8BNWoYUPj/CehXeIpb7hcDxOGkJmjcPCzyIK7CfUQ6QHP5f4rzFy/ZWj8CMR8hBQsYaQsWplzJTJ4p68
    u44x+bqMmFf6ah19KLumRzPq4E8pMX/ruRy+hwqPTsQde9/pv9NzM6MBmz9DDWtDE2iuVMy2FsrS3rYVR8GHb2gdodg0sG
    lxgVgfKrGWOXMiaJdZd3M6aVHW/bdJoxRqWZsUPvgFhlcLUpUJSRsWASYyWQ3+Fc48LIaHfE7d9+mHsMLwIJn22MrnuB9I
    QPzUBS7on6v3swecGPQEL3KqPaHSBd+KHmeIqJnF+LcA7jjk0CLu4XjBhDr9XElgp3f1wJ5D82Obv1IFhbxj2g+723M8Y8
    M2V/NQ8kMiuDkbGHqVTpAVje8x7Q/TrXGG1B8iCrGavbGRlzmfKOJyIHViLF4X3cGokDdJBjAgPDkhhIfPMsDEaOfmlg3p
    F/qIjTqGMgRQ6Y4uuQDVlQwdjFyfwdKHzRkJExWHQ2iAUJZsOL4MBGB/GLSfCO0YKERVCm3hVUKbsjQMKJQB4Q34nbbDEG
    PsaPpKZ/YBpFgBC9RnR5YBpFAFO9BQuBFOfP3e67PBDCpywg8TSdUdWd4vxFfpIBxa89PgVLgQoA
    """

}
