from collections.abc import Mapping
from typing import Any


def first_match(collection: str, name: str, *comparisons: tuple[str, str, str], **constants: Any) -> Mapping[str, Any]:
    """Return a `$lookup` that adds the array `name`: the `_id` of one matching document, or empty.

    Each comparison is a field of the other collection, an operator such as `$eq`, and a field of the own document;
    `constants` are fields of the other collection with their values.
    """
    variables = {f"v{number}": f"${own}" for number, (_, _, own) in enumerate(comparisons)}
    conditions = [
        {operator: [f"${other}", f"$${variable}"]}
        for variable, (other, operator, _) in zip(variables, comparisons, strict=True)
    ]
    pipeline = [{"$match": {**constants, "$expr": {"$and": conditions}}}, {"$limit": 1}, {"$project": {"_id": 1}}]
    return {"$lookup": {"from": collection, "let": variables, "pipeline": pipeline, "as": name}}
