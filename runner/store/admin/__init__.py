"""Operations on a whole database: copy, restore, status, sizes, damage."""
