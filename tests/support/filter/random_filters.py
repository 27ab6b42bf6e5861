"""Random filters: as tuples for the reference, and as text in one of the many ways to write each of them."""

NUMBERS = (
    *("trial", "repeat", "epochs", "best_epoch", "batch_size", "parameters", "learning_rate", "seconds", "attempt"),
    *("e_t", "e_v", "best_e_t", "best_e_v", "gap", "accuracy_v"),
    *("optimizer.rate", "optimizer.beta_1", "optimizer.adam.epsilon", "optimizer.momentum.beta", "schedule.warm_up"),
    *("regularizer.weight", "regularizer.l2.weight", "regularizer.dropout.ratio", "activation.beta", "stopping.epochs"),
    *("activation.prelu.beta", "activation.share", "architecture.depth", "architecture.width", "initializer.limit"),
)
# Names with text values, and the texts they are compared with.
TEXTS = {
    "status": ("completed", "diverged", "failed", "pending"),
    "architecture": ("4", "none", "64-32", "8"),
    "activation": ("relu", "tanh", "relu/tanh", "prelu:beta=0.05", ""),
    "note": ("", "look again", "it's", 'a "b"', "Übung", "50%_[x]*?\\", "'; DROP TABLE trial; --"),
    "tag": ("checked", "Checked", "odd one", "ü"),
    "tags": ("checked", "odd one"),
    "activation.name": ("relu", "tanh", "prelu", "silu"),
    "activation.learn": ("nothing", "beta"),
    "optimizer.name": ("adam", "gradient_descent", "momentum"),
    "optimizer.form": ("kingma_ba", "notes"),
    "regularizer.name": ("l1", "l2", "dropout"),
    "regularizer.scope": ("network", "input"),
    "regularizer.l2.scope": ("network", "input"),
    "schedule.name": ("constant", "cosine"),
    "dtype": ("float32", "float64"),
}
FLAGS = ("regularizer.biases", "regularizer.l1.biases", "regularizer.l2.biases")
# Names that may have several values. Only one of them may occur in a comparison.
SEVERAL = ("regularizer.weight", "activation.beta", "activation.share", "activation.prelu.beta", "stopping.epochs")
SEVERAL += ("architecture.width",)
PATTERNS = ("*", "?", "re*", "*lu*", "*:*=*", "[a-z]*", "%", "_", "*%*", "c*d", "", "*e?", "Re*", "*\\*", "???")
ORDERS = ("<", "<=", ">", ">=")


def random_condition(random, depth=2):
    """A random condition with at most `depth` levels."""
    kind = random.choice(["and", "or", "not", "test", "test"]) if depth else "test"
    if kind == "test":
        return random_test(random)
    if kind == "not":
        return ("not", random_condition(random, depth - 1))
    return (kind, *(random_condition(random, depth - 1) for _ in range(random.randint(2, 3))))


def random_test(random):
    make = random.choice([numbers_compared] * 4 + [texts_compared] * 3 + [chained, among, patterned, flagged, null])
    return make(random)


def numbers_compared(random):
    left = random_number(random)
    right = random_number(random, [] if set(names_in(left)) & set(SEVERAL) else None)
    return (random.choice(["==", "!=", *ORDERS]), left, right)


def chained(random):
    first, second = random.choice(ORDERS), random.choice(ORDERS)
    return ("chain", (first, second), constant(random), random_number(random), constant(random))


def texts_compared(random):
    name = random.choice(list(TEXTS))
    sides = [("name", name), ("text", random.choice(TEXTS[name]))]
    random.shuffle(sides)
    return (random.choice(["==", "!=", "==", "<", ">="]), *sides)


def among(random):
    kind = random.choice(["in", "not in"])
    if random.random() < 0.5:
        name = random.choice(list(TEXTS))
        return (kind, ("name", name), *(("text", random.choice(TEXTS[name])) for _ in range(random.randint(1, 3))))
    return (kind, random_number(random), *(constant(random) for _ in range(random.randint(1, 3))))


def patterned(random):
    return (random.choice(["like", "not like"]), ("name", random.choice(list(TEXTS))), random.choice(PATTERNS))


def flagged(random):
    name = ("name", random.choice(FLAGS))
    return random.choice([("flag", name), ("==", name, ("flag", random.random() < 0.5)), ("!=", name, ("flag", True))])


def null(random):
    known = [("name", name) for name in (*TEXTS, *FLAGS)]
    return (random.choice(["is null", "is not null"]), random.choice([*known, random_number(random)]))


def random_number(random, several=None, depth=2):
    """A random operand in which at most one name has several values."""
    if not depth or random.random() < 0.5:
        names = [name for name in NUMBERS if name not in SEVERAL or several is None]
        return ("name", random.choice(names)) if random.random() < 0.8 else constant(random)
    kind = random.choice(["+", "-", "*", "/", "abs", "negative"])
    left = random_number(random, several, depth - 1)
    if kind in ("abs", "negative"):
        return ("abs" if kind == "abs" else "-", left)
    right = random_number(random, [] if set(names_in(left)) & set(SEVERAL) else several, depth - 1)
    return (kind, left, right)


def constant(random):
    return ("number", random.choice([0.0, 1.0, 2.0, 0.25, 0.5, -0.25, 0.01, 0.001, 32.0, 1e-8, 3.0, 1e300, 0.05]))


def names_in(part):
    if part[0] == "name":
        return [part[1]]
    return [name for each in part[1:] if isinstance(each, tuple) for name in names_in(each)]


# How tightly each kind binds. A part that binds less than its context requires is put into parentheses.
BINDING = {"or": 0, "and": 1, "not": 2, "+": 4, "-": 4, "*": 5, "/": 5, "negative": 6}
TEST, OPERAND = 3, 7


def written(part, random):
    """The part as text, with occasional extra spaces, capital letters and parentheses."""
    return (" " if random.random() < 0.1 else "") + place(part, 0, random)


def place(part, least, random):
    """The part as text, in a context that requires at least this binding strength."""
    text, binding = plainly(part, random)
    needs = binding < least or (random.random() < 0.1 and (binding > TEST or least <= TEST))
    return f"({text})" if needs else text


def plainly(part, random):
    """The part as text, and its binding strength."""
    kind, *parts = part
    if kind in ("and", "or"):
        word = f" {keyword(kind, random)} "
        return word.join(place(each, BINDING[kind] + 1, random) for each in parts), BINDING[kind]
    if kind == "not":
        return f"{keyword('not', random)} {place(parts[0], BINDING['not'], random)}", BINDING["not"]
    if kind == "number":
        return number(parts[0]), BINDING["negative"] if parts[0] < 0 else OPERAND
    if kind == "text":
        return quoted(parts[0], random), OPERAND
    if kind == "name":
        return parts[0], OPERAND
    if kind == "flag":
        return (
            (place(parts[0], TEST, random), TEST) if isinstance(parts[0], tuple) else (str(parts[0]).lower(), OPERAND)
        )
    if kind in ("+", "-", "*", "/", "abs"):
        return calculation(kind, parts, random)
    return test(kind, parts, random), TEST


def calculation(kind, parts, random):
    if kind == "abs":
        return f"abs({place(parts[0], TEST + 1, random)})", OPERAND
    if len(parts) == 1:
        return f"-{place(parts[0], BINDING['negative'], random)}", BINDING["negative"]
    binding = BINDING[kind]
    space = random.choice(["", " "])
    sides = place(parts[0], binding, random), place(parts[1], binding + 1, random)
    return f"{space}{kind}{space}".join(sides), binding


def test(kind, parts, random):
    if kind == "chain":
        first, second, third = (place(each, TEST + 1, random) for each in parts[1:])
        return f"{first} {parts[0][0]} {second} {parts[0][1]} {third}"
    left = place(parts[0], TEST + 1, random)
    words = " ".join(keyword(word, random) for word in kind.split())
    if kind.startswith("is"):
        return f"{left} {words}"
    if kind in ("like", "not like"):
        return f"{left} {words} {quoted(parts[1], random)}"
    if kind in ("in", "not in"):
        return f"{left} {words} ({', '.join(plainly(each, random)[0] for each in parts[1:])})"
    sign = random.choice({"==": ["==", "=="], "!=": ["!=", "<>"]}.get(kind, [kind]))
    return f"{left} {sign} {place(parts[1], TEST + 1, random)}"


def keyword(word, random):
    return random.choice([word, word, word.upper()])


def number(value):
    return repr(value).removesuffix(".0") if abs(value) < 1e15 else repr(value)


def quoted(text, random):
    quote = random.choice("'\"")
    return quote + text.replace(quote, quote * 2) + quote
