"""The words of titles and texts as they are compared: stems, without what every title says and without dates.

Words are « distinctive » or « general »: what the pages of any town or network say every week (réunion, groupe, maire,
projet) tells little of what an item is about; the rest (names above all) tells most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz

from aggregator.normalise.text import fold

DISTINCTIVE, GENERAL = 3, 1  # what a matched word weighs

# Words that are no content: grammar, the calendar, and what is put before a title when it is told again.
STOP = frozenset(
    "a ai ainsi alors apres au aucun aujourd aussi autour autre autres aux avant avec bien c ca car ce ceci cela celle "
    "celles celui ces cet cette ceux chaque chez ci comme comment contre cote cotes d dans de depuis des deux devant dix "
    "doit doivent dont du durant elle elles en encore entre est et etaient etait ete etes etre eu eux face faire fait "
    "font furent fut grace hors hui huit il ils j jamais je jusqu jusque l la le les leur leurs lors lui m ma mais me "
    "meme memes mes moins mon n ne neuf ni non nos notre nous on ont or ou par parmi pas pendant peu peut peuvent plus "
    "pour pourquoi pres qu quand quatre que quel quelle quelles quels quelque qui quoi s sa sans se sept sera seront ses "
    "si six soi soit son sont sous sur t ta te tes tous tout toute toutes tres trois tu un une vers via vis voici voila "
    "vos votre vous y est-ce and at by for from in is of on the to with del der die das el los las und von "
    "lundi mardi mercredi jeudi vendredi samedi dimanche jour jours matin midi soir heure heures h mois an ans annee "
    "annees date dates "
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre janv fevr avr juil sept oct "
    "nov dec er ere eme emes eres nd nde es re "
    "premier premiere premiers premieres second seconde seconds secondes deuxieme deuxiemes troisieme troisiemes "
    "quatrieme quatriemes cinquieme cinquiemes sixieme sixiemes septieme septiemes huitieme huitiemes neuvieme "
    "neuviemes dixieme dixiemes onzieme douzieme treizieme quatorzieme quinzieme seizieme vingtieme "
    "prochain prochaine prochains prochaines nouveau nouvelle nouveaux nouvelles retour bilan report reporte reportee "
    "reportes reportees annule annulee annules annulees annulation rappel save cr https http www html".split()
)

_GENERAL = (
    # what one does about a project, whoever one is
    "monter montage construire reussir financer conduire gerer piloter evaluer concevoir rediger preparer deposer deposez depot "
    "dossier dossiers candidater candidatez candidature candidatures soutenir repondre venez partager "
    # what happens
    "accueil accueillir accueille accueillera accueillent accueillie action actions activite actualite agenda "
    "aide animation anniversaire annonce annoncer appel appels appelle appuie appui assemblee assises atelier ateliers "
    "avancee avancees avancement avancent balade bienvenue brocante bal braderie cafe campagne ceremonie cloture "
    "colloque collecte commemoration commission comite communique communiques concert concertation conference "
    "congres conseil conseils concours consultation contribution convention cours debat debats decouverte defile "
    "delegation depart deplacement deroule dialogue discours don dons echange echanges edition election elections emission "
    "engage engagee engagement engages enquete enseignement entretien evenement evenements exposition expositions "
    "festival festivites fete fetes film foire formation forum forums groupe groupes hommage inauguration info "
    "infos information informations initiative inscription inscriptions intervention invitation journee journees "
    "jury lance lancement lancer lancent lecture lettre loto marche marches mission missions mobilisation nuit "
    "offre ouvre ouverture ouvrir parcours participe participation participer permanence plan plenier pleniere point "
    "portes presentation presente prix programme programmes projection projet projets promotion publication publie "
    "publiee point questionnaire rapport rapports randonnee reception relais releve rencontre rencontres "
    "rendez reponse repondre repondez repas retrouvailles restitution resultat resultats reunion reunions reunies reunit "
    "saison salon seance seances seminaire semaine semestre service services session sessions signature soiree "
    "sommet sortie soutien soutient soutenir spectacle stage table ronde tables temps tournoi travaux tribune "
    "trophee trophees vide grenier vernissage visite visioconference visites voeux voyage webinaire webinaires "
    # who and where
    "acteur acteurs adherent adherents adjoint agent agents agglomeration association associations "
    "associatif bibliotheque bureau centre centres chateau citoyen citoyenne citoyens citoyennete cite cites club "
    "collectif collectivite collectivites college commune communal communaute communes departement departemental "
    "departements direction ecole ecoles election elu elue elues elus enfant enfants etablissement etat etats famille "
    "familles femme femmes france francais francaise francaises franco gouvernement gouvernements habitant "
    "habitants hotel institution institutions international internationale internationales internationaux jeune "
    "jeunes jeunesse lieu local locale locales locaux lycee mairie maire maires maison mediatheque membre membres "
    "metropole ministere monde mondial municipal municipale municipales municipalite municipaux musee national "
    "nationale nationaux networks ong organisation palais parc parcours partenaire partenaires pays personnel place "
    "places parlementaire pole population prefecture president presidence presidente professionnel professionnels "
    "public publique publiques publics quartier quartiers region regional regionale regionaux regions representant "
    "reseau reseaux responsable rue salle senior seniors societe square stade territoire territoires territorial "
    "territoriale territoriales territoriaux theatre tourisme union unies urbain urbaine village ville villes "
    # about what
    "accompagnement accord acces amitie art arts avenir bien cadre climat climatique commun commune commerce "
    "contexte continent cooperation cooperations coordination covid creation crise crises culture cultures culturel culturelle "
    "culturels danse decentralise decentralisee decentralisees decentralisation demarche democratie developpement "
    "diplomatie dispositif domicile donateur donateurs droit droits durable durables dynamique eau economie economique "
    "economiques education educatif egalite emploi emplois energie engagees enjeu enjeux environnement etude etudes euro "
    "europe europeen europeenne europeennes europeens fonds francophonie gestion gouvernance guide homme hommes "
    "humanitaire humanitaires impact impacts innovation integration jardin jeu jeux jumelage jumelages jumelee justice "
    "langue laureat laureats levier livre livres loisirs mediation memoire migration mise mobilite musique nature "
    "noel numerique nouvelle outil outils paix partage partenariat partenariats patrimoine photo politique politiques "
    "pratique pratiques prevention proximite qualite question questions recherche recrute recrutement reflexion "
    "ressource ressources role rural rurale sante securite sejour sensibilisation situation social sociale "
    "solidaire solidaires solidarite solidarites sport sportif sports sujet theme tourisme transition travail "
    "urgence vacances valeur vie vivre volontaire "
    # how it is said
    "ami amis ancien ancienne annuel annuelle autour avis beau belle bon bonne celebre celebrer continue couleur couleurs cœur "
    "coeur dernier derniere derniers dernieres different ensemble enjeux grand grande grandes grands heureux "
    "important important jour libre ligne mai meilleur mieux nombreux novembre ouvert ouverte ouvertes ouverts "
    "petit petite petits premier principal quotidien special speciale veut vote votre vous "
    "hiver printemps ete automne armistice victoire liberation telethon gratuit gratuite inscrivez decouvrez venez "
    "participez donnez sang rose bleue poesie fleurs fleuries musiques danses carnaval rentree kermesse "
    "event events meeting meetings news newsletter open day days city cities council world global local"
)

_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d")
_ENDINGS = ("aises", "aise", "ais", "oises", "oise", "ois")


@lru_cache(65_536)
def stem(word: str) -> str:
    """Give the stem of a folded word: without plural, feminine and the ending of inhabitants.

    >>> [stem(w) for w in ("japonaises", "japon", "tunisienne", "tunisie", "villes")]
    ['japon', 'japon', 'tunisi', 'tunisi', 'vill']
    """
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    for ending in ("iennes", "ienne", "iens", "ien"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + "i"
    if len(word) > 3 and word[-1] in "sx":
        word = word[:-1]
    while len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    return word


_GENERAL_STEMS = frozenset(stem(fold(word)) for word in _GENERAL.split())


def weight(word: str) -> int:
    """Give what a stem weighs: `GENERAL` or `DISTINCTIVE`."""
    return GENERAL if word in _GENERAL_STEMS else DISTINCTIVE


def distinctive(words: Iterable[str]) -> frozenset[str]:
    """The stems that tell what an item is about."""
    return frozenset(word for word in words if word not in _GENERAL_STEMS)


def content(folded: Iterable[str]) -> frozenset[str]:
    """Give the stems of folded words that are content: no grammar, no date, no number, no single letter."""
    return frozenset(stem(word) for word in folded if len(word) > 1 and word not in STOP and not _DIGITS.search(word))


def names(text: str) -> frozenset[str]:
    """Give the stems of capitalised words within a text (not its first word): names of people, places, bodies.

    A text in capitals names nothing.
    """
    letters = [c for c in text if c.isalpha()]
    if sum(c.isupper() for c in letters) * 2 > len(letters):
        return frozenset()
    found = [m for m in _WORD.finditer(text) if m.group()[0].isupper()]
    inner = (m.group() for m in found if m.start() and not _OPENS.search(text[: m.start()]))
    return distinctive(content(w for word in inner for w in fold(word).split()))


def acronyms(text: str) -> frozenset[str]:
    """Give the stems of words in capitals (MEAE, CUF) of a text that is not all in capitals."""
    letters = [c for c in text if c.isalpha()]
    if sum(c.isupper() for c in letters) * 2 > len(letters):
        return frozenset()
    return content(fold(word) for word in _WORD.findall(text) if word.isupper() and 2 <= len(word) <= 6)


_OPENS = re.compile(r"(?:^|[.!?:;–—\"“«])[\s\"“«\u00a0]*(?:[LlDd]['’])?$")


def like(one: str, other: str) -> bool:
    """Whether two stems are one word: typing errors and derived forms (accueil, accueillie) count, other words do not."""
    short, long = sorted((one, other), key=len)
    if len(short) < 5 or one[:3] != other[:3]:
        return False
    return (len(short) >= 7 and long.startswith(short)) or fuzz.ratio(one, other, score_cutoff=86) > 0


def matched(ours: frozenset[str], theirs: frozenset[str]) -> frozenset[tuple[str, str]]:
    """Pair the stems two texts share, equal ones first: each stem at most once, the same pairs from either side."""
    both = ours & theirs
    pairs = {(word, word) for word in both}
    left, right = ours - both, theirs - both
    if left and right:
        starts: dict[str, list[str]] = {}
        for other in right:
            starts.setdefault(other[:3], []).append(other)
        rest = [(one, other) for one in left for other in starts.get(one[:3], ()) if like(one, other)]
        rest.sort(key=lambda pair: (-fuzz.ratio(*pair), *sorted(pair)))
        used: set[str] = set()
        for one, other in rest:
            if one not in used and other not in used:
                used |= {one, other}
                pairs.add((one, other))
    return frozenset(pairs)


def total(words: Iterable[str]) -> int:
    """What stems weigh together."""
    return sum(map(weight, words))
