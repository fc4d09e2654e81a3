"""How large genomes of common species are, as a suggestion for the limits of the QA.

Source: QualiBact (Alikhan et al.), ranges of `Genome_Size` by species over the genomes of AllTheBacteria, read in
November 2026; in bases, as published to 0.1 Mb. The genera of `qa.THRESHOLDS` have limits of their own.
"""

from __future__ import annotations

SOURCE = "QualiBact"

M = 1_000_000

#: species → smallest and largest genome
SIZES: dict[str, tuple[int, int]] = {
    name: (round(least * M), round(most * M))
    for name, least, most in (
        ("Acinetobacter baumannii", 3.6, 4.6),
        ("Acinetobacter nosocomialis", 3.7, 4.4),
        ("Acinetobacter pittii", 3.6, 4.5),
        ("Bordetella pertussis", 3.7, 4.4),
        ("Campylobacter coli", 1.6, 2.2),
        ("Campylobacter fetus", 1.7, 2.2),
        ("Campylobacter jejuni", 1.5, 2.0),
        ("Campylobacter lari", 1.4, 1.8),
        ("Enterobacter cloacae", 4.6, 5.8),
        ("Enterobacter hormaechei", 4.5, 5.7),
        ("Enterococcus faecalis", 2.6, 3.6),
        ("Enterococcus faecium", 2.4, 3.5),
        ("Enterococcus lactis", 2.5, 3.1),
        ("Haemophilus influenzae", 1.7, 2.2),
        ("Haemophilus parainfluenzae", 1.8, 2.3),
        ("Helicobacter pylori", 1.5, 1.8),
        ("Klebsiella aerogenes", 4.9, 6.0),
        ("Klebsiella michiganensis", 5.7, 7.0),
        ("Klebsiella oxytoca", 5.3, 6.8),
        ("Klebsiella pneumoniae", 4.9, 6.4),
        ("Klebsiella quasipneumoniae", 4.5, 6.3),
        ("Klebsiella variicola", 5.2, 6.5),
        ("Legionella longbeachae", 3.9, 4.4),
        ("Legionella pneumophila", 3.2, 3.8),
        ("Mycobacterium abscessus", 4.6, 5.6),
        ("Mycobacterium avium", 4.7, 5.9),
        ("Mycobacterium kansasii", 6.3, 6.9),
        ("Mycobacterium tuberculosis", 4.2, 4.6),
        ("Neisseria gonorrhoeae", 2.0, 2.4),
        ("Neisseria lactamica", 2.0, 2.3),
        ("Neisseria meningitidis", 2.0, 2.4),
        ("Pseudomonas aeruginosa", 6.0, 7.8),
        ("Pseudomonas fluorescens", 5.5, 7.5),
        ("Pseudomonas putida", 5.1, 7.5),
        ("Staphylococcus argenteus", 2.6, 2.9),
        ("Staphylococcus aureus", 2.6, 3.3),
        ("Staphylococcus capitis", 2.3, 2.8),
        ("Staphylococcus epidermidis", 2.3, 2.9),
        ("Staphylococcus haemolyticus", 2.3, 2.7),
        ("Staphylococcus hominis", 2.0, 2.6),
        ("Staphylococcus pseudintermedius", 2.4, 2.9),
        ("Streptococcus agalactiae", 1.9, 2.4),
        ("Streptococcus dysgalactiae", 1.9, 2.4),
        ("Streptococcus equi", 1.9, 2.3),
        ("Streptococcus mitis", 1.8, 2.3),
        ("Streptococcus pneumoniae", 1.9, 2.4),
        ("Streptococcus pyogenes", 1.6, 2.1),
        ("Streptococcus suis", 1.8, 2.7),
        ("Vibrio alginolyticus", 4.8, 5.8),
        ("Vibrio cholerae", 3.8, 4.5),
        ("Vibrio parahaemolyticus", 4.9, 6.1),
        ("Vibrio vulnificus", 4.7, 6.1),
    )
}


def size_of(label: str, genus: str) -> tuple[int, int, str] | None:
    """Return the range of a species' genomes, or of all that are known of its genus, and whose it is; or None."""
    species = next((name for name in SIZES if label == name or label.startswith(f"{name} ")), None)
    if species is not None:
        return *SIZES[species], f"{SOURCE}'s range for {species}"
    of_genus = [size for name, size in SIZES.items() if name.split()[0] == genus]
    if not of_genus:
        return None
    least, most = min(size[0] for size in of_genus), max(size[1] for size in of_genus)
    return least, most, f"{SOURCE}'s range for {len(of_genus)} species of {genus}"
