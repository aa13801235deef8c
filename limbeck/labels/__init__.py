"""A teacher's distribution over a task's labels, from whatever the teacher gives.

from limbeck.labels import estimator
chosen = estimator(teacher, ["positive", "negative"], capabilities=found)   # chosen.why
labelled = await chosen.estimator.estimate(request, ["positive", "negative"], teacher)
labelled.distribution.targets()   # {"positive": 0.93, "negative": 0.07}
"""

from limbeck.labels.averaged import Averaged, average
from limbeck.labels.choose import Choice, estimator
from limbeck.labels.codes import Coded, Codes, permutations
from limbeck.labels.contracts import Estimator, Labelled
from limbeck.labels.distribution import LabelDistribution
from limbeck.labels.exact import Exact
from limbeck.labels.reading import LabelReader
from limbeck.labels.sampled import Sampled
from limbeck.labels.top_logprobs import TopLogprobs

__all__ = [
    "Averaged",
    "Choice",
    "Coded",
    "Codes",
    "Estimator",
    "Exact",
    "LabelDistribution",
    "LabelReader",
    "Labelled",
    "Sampled",
    "TopLogprobs",
    "average",
    "estimator",
    "permutations",
]
