"""Small tables as text."""

INPUTS = [[1.5, 20.0], [2.5, 10.0], [3.0, 40.0], [-4.25, 30.0], [0.5, 1000.0]]
TARGETS = [0.5, 1.5, 2.5, 3.5, 1234.5]
ROWS = [(a, b, y) for (a, b), y in zip(INPUTS, TARGETS, strict=True)]
PLAIN = "a,b,y\n" + "".join(f"{a},{b},{y}\n" for a, b, y in ROWS)


def numbered(header, index, rows=12):
    lines = [f"{index(row)},{row % 3}.5,{row % 4},{row}.25" for row in range(rows)]
    return "\n".join([f"{header},a,b,y", *lines])
