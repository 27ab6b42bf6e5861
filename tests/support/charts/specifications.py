"""The parts of a chart's specification: its marks, their rows and its subtitle."""


def layers_of(specification):
    """All marks, at any depth, with their encodings."""
    found = []
    for key in ("layer", "hconcat", "vconcat", "concat"):
        for each in specification.get(key, []):
            found += layers_of(each)
    return found or [specification]


def marks(specification, kind):
    return [each for each in layers_of(specification) if each.get("mark", {}).get("type") == kind]


def rows_of(specification, layer):
    # Altair moves data shared by all layers to the top level.
    return specification["datasets"][layer.get("data", specification.get("data"))["name"]]


def subtitle(specification):
    return " ".join(specification["title"]["subtitle"])
