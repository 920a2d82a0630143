import Testing

/// Suites that change the process's instruction set, and those that compare bits and so need it to
/// stay: one test of them runs at a time.
@Suite(.serialized) enum OneInstructionSet {}
