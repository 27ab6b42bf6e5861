"""Lists of keys as users write them: separated by commas, with class names in quotes."""

import re

# A comma within the quotes of a class name, as in `recall_v.'yes, often'`, does not separate keys.
KEY = re.compile(r"""(?:(?<=\.)(?:'(?:[^']|'')*'|"(?:[^"]|"")*")|[^,])+""")


def split_keys(text: str) -> list[str]:
    """The keys in a text such as `verdict,-e_v`."""
    return [key.strip() for key in KEY.findall(text) if key.strip()]
