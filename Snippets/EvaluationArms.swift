// Two arms on the same cases: scores, intervals, a paired test, a table, a figure.
import Evaluation

let subtypes = ["epidural", "intraparenchymal", "subdural", "none"]
let truth = [
  "epidural", "subdural", "none", "intraparenchymal", "subdural", "none", "epidural", "none",
]
let patients = [1, 1, 2, 2, 3, 3, 4, 4]

// One arm wrote sentences; what no rule reads is unparsed, never guessed.
let replies = [
  "Answer: EDH", "Acute subdural haematoma on the left.", "No intracranial haemorrhage.",
  "I'm sorry, I can't interpret medical images.", "There is an SDH.", "Answer: none",
  "A hyperdense crescent is seen.", "Normal. No bleed.",
]
let answers = replies.map { LabelParser.haemorrhageSubtypes.parse($0) }
for answer in answers { print(answer.outcome, "·", answer.rule) }

let model = try ConfusionMatrix(
  truth: truth, outcomes: answers.map(\.outcome), classes: subtypes, policy: .wrong,
  clusters: patients)
print(model.accuracy)
print(model.score(.macroF1, Bootstrap(resamples: 2000, method: .bca, seed: 7)))
print(model.outcomes, "·", model.outcomes.missingRate)

// The other arm is a network; McNemar's test compares them case by case.
let network = [
  "epidural", "subdural", "none", "intraparenchymal", "none", "none", "epidural", "none",
]
let test = try McNemar(
  zip(answers, truth).map { $0.value == $1 }, zip(network, truth).map { $0 == $1 })
print(test.exact)

let table = Table(title: "Arms", scores: [model.accuracy, model.macroF1(), model.score(.kappa)])
print(table.markdown())
print(Figure.confusionMatrix(model).svg.utf8.count > 1000 ? "figure drawn" : "no figure")
