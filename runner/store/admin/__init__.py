"""Operations on a whole database: copy, restore, upgrade, status, sizes, damage reports."""
