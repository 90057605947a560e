"""What a dated title is about: a gathering of people that day, or a paper, works, a closure, a call, a job, a campaign.

A title is cut into segments (« : », « – », « | », sentence ends). The segment that holds the date decides, by the first of
its words that is known; where it has none, the segments before it, then those after it. What is between guillemets is a name.
Linear: words are looked up in a table, expressions are tried only at their first word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from aggregator.normalise.dates.words import fold

Subject = Literal["gathering", "weak", "other", "unknown"]
_Kind = Literal["gathering", "weak", "door", "paper", "other", "none"]

# ── the words ───────────────────────────────────────────────────────────────────────────────────
# Folded. A plural in -s goes without saying but for « x? »; « x* » is a beginning; several words are an expression, whose
# choices stand in `()`. Where a word is in two lists the later one counts for nothing; an expression counts before a word.

_GATHERING = """
reunion; rencontre; atelier; webinaire; webinar; visio; visioconf*; conference; (video|visio|audio) conference; seminaire; colloque;
symposium; congres; assises; forum; sommet; journee; matinee; soiree; apres midi (jeux|dansant*|festi*|recreati*|conte*|thematique|d information|de|rencontre*|ludique|familial*|sporti*|creati*|cinema|lecture|sur|decouverte); midis? (de|du|des|d); cafe; dejeuner; diner; souper; petit dejeuner; brunch;
table ronde; tables rondes; debat; projection; concert; recital; audition; spectacle; representation; theatre; opera; operette; ballet;
danse; cabaret; cirque; marionnettes; conte; contes; heure du conte; bebes lecteurs; karaoke; fest noz; fest deiz; guinguette;
festival; festivals; fete; fetes; feter; fetera; feteront; celebrera; celebreront; fetee; fetees; fetons; celebre; celebree; celebrees; celebrer; celebrons; salon; foire; marche; exposition; expo;
vernissage; finissage; inauguration; premiere pierre; pose de la premiere pierre; ceremonie; commemoration; commemorer; hommage; recueillement; veillee; rassemblement; manifestation; meeting;
formation; initiation; masterclass; master class; cours public; lecon inaugurale; visite; voyage; sejour; excursion; sorties? (nature|familiale*|scolaire*|au|a|en|botanique*|ornitho*|decouverte*|culturelle*|velo|ski|raquettes|plage|champignons?|pedestre*); mission; delegation;
assemblee; ag; agora; plenaire; comite; copil; cotech; session; seance; hackathon; barcamp; universite d ete;
semaine; quinzaine; decade; mois (de|du|d|des|sans); rendez vous; rdv; portes ouvertes; tournoi; competition; championnat; coupe (du monde|de france|d europe|de noel|davis|des confederations|departementale); match; matchs; matches; finale; grand prix;
course; randonnee; rando; balade; promenade; marche; marathon; semi marathon; trail; cross; foulees; triathlon; regate; rallye; raid; cyclo; cyclosportive; velo tour; parcours du coeur;
repas; banquet; bal; bals; gala; the dansant; thes dansants; gouter; barbecue; pique nique; apero; aperitif; buvette; auberge espagnole; loto; bingo; tombola; kermesse; carnaval; cavalcade; defile;
parade; retraite aux flambeaux; feu d artifice; feux d artifice; feu de la saint jean; feux de la saint jean; illuminations; halloween; party; crepes; chandeleur; week ends? (du|de la|de l|des|de|d) [a-z]\\w+; chasse (aux (œufs|oeufs|tresors|bonbons|fantomes|lots)|a l (œuf|oeuf)|au tresor); braderie; brocante; vide [a-z]\\w+;
troc; gratiferia; bourse (aux|a l|au|d echange|d echanges|multi*|toutes); bric a brac; puces; ventes? (solidaires?|de charite|au deballage|de gateaux|de noel|paroissiale); don du sang; dons du sang; collectes? (de sang|alimentaires?|solidaires?|de denrees|de jouets|de vetements|de livres|de plasma|citoyenne);
chantiers? (international*|jeunes|de solidarite|solidaire*|nature|participatif|de jeunes|benevole*|citoyen); stage; camp; colonie de vacances; anniversaire; noces; jubile; jeux; jeu de piste; escape game; murder party; quiz; quizz; blind test; dictee;
lecture; dedicace; signature (de|du|d); permanence; stand; reception; cocktail; verre de l amitie; pot (de|d); galette; vœux; voeux; etats generaux; convention (nationale|citoyenne|annuelle|internationale); nuit;
printemps (de|du|des); estivale; biennale; triennale; olympiade; musicales; medievales; estivales; hivernales; automnales; nocturne; nocturnes; transhumance; vendanges; feria; floralies; comice*;
scene ouverte; micro ouvert; jam session; zumba; yoga; initiations; demonstration; animation; repair cafe; fablab; speed*; job dating; jobdating;
conseil (municipal|communautaire|metropolitain|syndical|d administration|de quartier|citoyen|d ecole|de developpement|des sages); bureau (communautaire|syndical|municipal|federal|executif); remises? (des|de|du|d) (prix|diplome*|medaille*|recompenses?|bourses?|trophees?|cheques?|dictionnaires?|label|insignes|ceintures);
presentation (publique|aux|du projet|officielle); accueils? (d une|de la|d un|des|de nos|de) (delegation*|amis|nouveaux|nouveau|nouvelles?|habitants|partenaires|correspondants|ambassad*|consul*|maire|jumeaux|homologues?); nettoyage (citoyen|participatif|de printemps|solidaire|collectif); world cleanup;
concours (de|d) (belote|petanque|boules|tarot|peche|scrabble|echecs|labour|saut|agility|chant|danse|cuisine|eloquence|soupe*|dressage|quilles|palets|dominos|magie|orthographe|pronostic*|flechettes|coinche|manille|mus|cartes|jeux|tir|patois|aluette|rami);
concours (hippique|canin|agricole|equestre|international de piano); cop; chronique; decryptage; workshop; meeting; summit; fair; training; talk; lunch; festi*; cine*; degustation solidaire; universites; rencontre dedicace; bivouac; baptemes? de l air;
festivites; ducasse; kiosque; tour de france; boum; disco; happening; flashmob; flash mob; sieste musicale; pardon; pelerinage; messe; procession; te deum; depot de gerbes?; gerbe; lacher de (ballons|lanternes);
causerie; conversation; controverse; web (conference|seminaire); webconference; webseminaire; visioconference; groupe de parole; club (lecture|de lecture); tremplin; battle; slam; match d impro*; improvisation; one (man|woman) show; chorale; fanfare; batucada; show; aubade;
couscous; paella; mechoui; raclette; moules frites; choucroute; tartiflette; cassoulet; fondue; cochon grille; bol de riz; disco soupe; soupe (solidaire|partagee|populaire); galette des rois; virade; telethon; relais pour la vie; reveillon; arbre de noel; noel (des|du|de|solidaire) \\w+; descente du pere noel; arrivee du pere noel;
joute; criterium; slalom; corrida; interclubs?; open de; meeting aerien; speed dating; university; summer school; ecole d ete; universite (populaire|d automne|de printemps|du temps libre); diagnostic en marchant; croisiere; deplacements? (a|au|en|aux|officiel*|de la delegation); devoilement (de|d|du) \\w+; passation; intronisation; prise d armes; plantation (citoyenne|participative|de l arbre); benediction;
rentree (solennelle|litteraire|culturelle|des associations); porte ouverte; point presse; session d information; matinale; after work; afterwork; networking; rencontre speed; olympiades;
jornada; talleres; taller; encuentro; encontro; conferencia; seminario; feria; treffen; sitzung; tagung; konferenz; veranstaltung; incontro; incontri; convegno; convegni; riunione; riunioni; festa; mostra; campus (d ete|international); convivialite; temps fort; venez (en |nombreux |nous |y )?(debattre|echanger|nombreux|rencontrer|feter|celebrer|decouvrir|participer|assister|danser|chanter|courir|marcher|jouer)
"""
# Gatherings only where an hour stands.
_WEAK = """
concours; prix; bourse; degustation; vente; distribution; nettoyage; operation; depistage; tournee; trophee; challenge; repetition; collecte; plantation; lancement de (la|l|nos|notre) (application|site|saison|marque);
conseil; bureau; commission; accueil; campus; mariage; bapteme; animations? (commerciale*); defi; ronde
"""
# What opens or leads to something: it is that thing when it is a gathering.
_DOOR = """
inscription; inscri*; preinscription; preinscri*; s inscrire; reservation; reserver; reservez; billetterie; billet; ouverture; reouverture; ouvre; cloture; demarrage; depart; arrivee; reprise; debut (de|du|des);
sortie
"""
_PAPER = """
compte rendu; comptes rendus; cr; proces verbal; proces verbaux; pv; deliberation; photo; photographie; diaporama; album; galerie; video; replay; podcast; palmares; gagnant; releve;
retour (sur|en); retours (sur|en); en images; resume; cantine; restaurant scolaire; restauration scolaire; portage; temoignage; tribune; portrait; retenir; essentiel; revoir; revivre; revivez; classement; numeros gagnants; acte; actes; circulation; restriction; document; support; extrait; verbatim; motion; recap*; stationnement; liste des; revue de presse;
communique; newsletter; infolettre; lettre (de|du|d|des|n|no|municipale|mensuelle|ouverte|aux|europe*|trimestrielle); bulletin; magazine; journal; gazette; edito; editorial; numero; discours; interview; petition; arrete; decret; recueil; publication; parution; article; journal officiel; faq; foire aux questions
"""
_OTHER = """
rapport; dossier; resultat; laureat; bilan; synthese; decision; reception (des|de|du) (travaux|offres|dossiers|plis|chantier); formations? (d un an|de \\d+ mois|diplomante|qualifiante); declaration; resolution; loi; reglement; reglementation; ordonnance; circulaire; avis (de|d|des) (deces|enquete|marche|appel|coupure*|travaux|consultation|concession*|publicite|mise|vente|recrutement|concertation|fermeture);
mise a jour; mises? en (service|vente|ligne|place|œuvre|oeuvre); entree en vigueur; guide; brochure; plaquette; annuaire; agenda; programmes? (de|du) cinema; a l affiche; nouveautes; appel d offres; appels d offres; appel public; marche public; marches publics;
offre; signature electronique; emploi; recrutement; recrute; recrutent; recruter; recrutons; embauche; poste; postes; stagiaire; apprenti; apprentissage; alternance; vacataire; saisonnier; job d ete; jobs d ete; charge de (mission|projet*|cooperation|communication); chargee de (mission|projet*|cooperation|communication); service civique; volontariat; volontaire; vsi; candidature; candidat;
missions? (d un|d une|de \\d+|d insertion|locale|de service|de volontariat); missions locales; stages? (de \\d+|d un an|de fin d|de longue|en entreprise|remunere|en alternance|d observation); prise de fonctions?; nomination; nomme; election; elections? legislatives; scrutin; urnes; rendez vous aux urnes; procuration; bureaux? de vote; votez; voter; vote; listes? electorales?; recensement;
travaux; chantier; voirie; intervention; essai; sirene; purge; tournage; diffusion; emission; survol; manœuvre; manoeuvre; tirs? de mines?; a la tele; eclipse; maree; nettoyage (de la|des|du|de) (chaussee|rues?|avaloirs|reseaux?|voirie|places?|vitres?|trottoirs?|marche|canalisations?);
hydrocurage; inspection; controle; verification; test; remplacement; pose (de|d|du|des); demontage; montage; debroussaillage; abattage; taille (de|des|d); tonte; fauchage; salage; deneigement; refection; renovation; rehabilitation; amenagement; construction; demolition; forage; diagnostic; desamiantage; reparation; depannage; modernisation; basculement; migration; arret; delestage; convoi exceptionnel; grutage; manutention;
 deviation; circulation alternee; route; fermeture; fermetures; coupure; interruption; perturbation; panne; suspension; suppression; interdiction; limitation; fouilles; elagage; marquage; curage; deratisation; demoustication; desherbage; balayage; raccordement; compteur; fibre; maintenance; hausse; baisse; augmentation; penurie; eclairage public;
horaire; tarif; tarification; redevance; menus?; repas (a domicile|de la cantine|scolaires?); greve; service minimum; journee de (greve|carence|mobilisation sociale); dechet; dechets; decheterie; dechetterie; encombrant; poubelle; ordures; bacs; tri; ramassage; collectes? (des|du|d|en porte|selective|de dechets|de verre|de pneus|d amiante|de textiles?|hebdomadaire*); collectes? de (dechets|verre|bio*|papier*|carton*);
cimetiere; concession; obseques; deces; disparition; etat civil; passeport; cartes? (d identite|grise); titres? (d identite|de transport); permis; naissance; urbanisme; cadastre; pharmacie; pharmacies; medecin; garde; vigilance; alerte; canicule; meteo; virus; epidemie; vaccination; campagne; plan; zone; zfe;
enquete; consultation (publique|citoyenne|du public|en ligne|des); consultation; concertation; questionnaire; sondage; appels? (a|aux) \\w+; appels; subvention; fonds; financement; credit; aide; prime; allocation; cheque; budget; prises? de rendez vous; impot; taxe; cotisation; paiement; versement; facture; facturation; prelevement; traitement; desinfection; battue; piegeage; vidange; derogation; attestation; certificat; calendrier; logement; loyer; pollution; incendie; accident; fuite; chauffage; assurance; mutuelle; appels? a temoins; declaration d impots; jeux? concours; soldes; promotion; reduction;
partenariat; convention; accord; contrat; protocole; charte; label; vacances; conges; fin (de|du|des|d un|d une); (programme|programmes)$; rentree; accueil (de loisirs|du matin|periscolaire|du public|de la mairie|telephonique); periscolaire; centre de loisirs; creche; passage (a|au|aux|du|de la|en); changement d heure; changement d heures; heure d (ete|hiver); bus; navette; train; trains; transport; lignes?; tram; metro; parking; zone bleue; salon (de coiffure|de the|de beaute|d esthetique|funeraire); bureaux? de poste; bureaux? (d etat|d aide|de tabac);
piscine; patinoire; programmation; abonnement; pass; depot (de|des|du) (dossier*|candidature*|offre*|demande*|plainte*|permis|plis); depot sauvage; prolongation; prolonge*; conteneur; convoi; envoi; livraison; exercice; demenagement; campus connecte; pas de; aucune?; jours? (feries?|de fermeture); carnet; mariages (du|de la|celebres); objets trouves; eau potable; restrictions d eau; massifs; chasse (fermeture|ouverture); peche; permutation; medaille d honneur du travail
"""
# Names that hold a word of the above and say nothing.
_NONE = """
salle (des fetes|de reunion|de spectacle*|de conference*|de concert*|polyvalente); salles des fetes; (place|rue|quai|halle|hall|allee) (du|de la|des|aux) (marche|theatre|foire|fete|concert|marches); comites? (des fetes|de jumelage|departemental*|regional*|de quartier|olympique*|d entreprise|d interet|local|francais|national);
commission europeenne; conseil (departemental|regional|de l europe|general|constitutionnel|d etat|des jeunes|en|de securite); ecole de (danse|theatre|musique|cirque); centre de (congres|conference*|formation); palais des (congres|festivals|expositions?); parc des expositions; maison de la (danse|culture|radio);
(semaine|nuit|week end|weekend)$; (dans|durant|pendant|toute|en) (la |cette |l )?(matinee|soiree|journee|semaine|nuit|apres midi); semaine de (\\d+|quatre) jours; aires? de jeux; marche (du travail|de l emploi|immobilier|hebdomadaire|couvert|forain|de plein air|du lundi|du mardi|du mercredi|du jeudi|du vendredi|du samedi|du dimanche); restos? du c; cours de (danse|theatre|yoga|zumba); au cours; en cours; bord de (mer|marne); parc de la (fete|marche); agence de voyage*; festival off; jeux olympiques; ordre du jour; club (de|des) \\w+;
avis (a|aux) (la )?(population|habitants); mois (de|d) (janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre); jour (de|du) marche; debit de boisson*; cafe (du|en grains|equitable|de specialite); foyer des jeunes; espace (jeux|forme|emploi); mission (archeologique|evangelique|laique); (du|le|au) cours (de|d)
"""


def _entries(words: str) -> Iterator[str]:
    for entry in words.replace("\n", " ").split(";"):
        if entry.strip():
            yield " ".join(entry.split())


def _tables() -> tuple[dict[str, _Kind], dict[str, list[tuple[re.Pattern[str], _Kind]]], dict[str, _Kind]]:
    """Give the words, the expressions by their first word, the beginnings of words; an expression counts before a word."""
    words: dict[str, _Kind] = {}
    phrases: dict[str, list[tuple[re.Pattern[str], _Kind]]] = {}
    starts: dict[str, _Kind] = {}
    kinds: tuple[tuple[_Kind, str], ...] = (
        ("none", _NONE), ("other", _OTHER), ("paper", _PAPER), ("door", _DOOR), ("weak", _WEAK), ("gathering", _GATHERING),
    )  # fmt: skip
    for kind, listed in kinds:
        for entry in _entries(listed):
            if entry.isalpha():
                for word in (entry, entry + "s"):
                    words.setdefault(word, kind)
            elif entry[:-1].isalpha() and entry.endswith("*"):
                starts[entry[:-1]] = kind
            elif entry[:-1].isalpha() and entry.endswith("?"):
                words.setdefault(entry[:-1], kind)
            else:
                pattern = re.compile(entry.replace("(", "(?:").replace("*", r"\w*") + r"\b")
                for first in _firsts(entry):
                    phrases.setdefault(first, []).append((pattern, kind))
    return words, phrases, starts


def _firsts(entry: str) -> set[str]:
    head = entry[1 : entry.index(")")].split("|") if entry[0] == "(" else [entry.split(" ")[0]]
    return {form for word in head for form in ((word[:-1], word[:-2]) if word.endswith("?") else (word,))}


_WORDS, _PHRASES, _STARTS = _tables()


# ── the judgement ───────────────────────────────────────────────────────────────────────────────

_CUT = re.compile(r"\s-+\s|\s?[|•·;>()\[\]]|\s?:(?=\s|$)|[.!?…](?=\s|$)|\n")
_NAME = re.compile(r"«[^«»]{0,200}»|“[^“”]{0,200}”|\"[^\"]{0,200}\"")
_WORD = re.compile(r"[^\W_]+")
_LEAD = re.compile(r"\D*")
_BEGINNINGS = tuple(_STARTS)
_ABOUT = re.compile(r"\b(?:sur|contre|autour)\b")
# « Réunion du 8 février : procès-verbal », « Carnaval du 14 mars : circulation et stationnement »
_MINUTES = re.compile(
    r"(?:(?:les?|la|l|des?|du|ses|nos|notre|toutes|liste) )*(?:comptes? rendus?|proces verba\w+|pv|deliberations?|decisions?|photos?|videos?|replay|resultats?"
    r"|ce qu il faut retenir|l essentiel|points? cles?|palmares|classement|numeros gagnants|(?:les )?gagnants?|laureats?|releves?|dossier|retours?|resume|synthese|album|diaporama|circulation|stationnement|restrictions|podcasts?|actes|verbatim|galerie)\b"
)
_NOVELTY = re.compile(
    r"(?:(?:les?|la|l|un|une|de|des|du) )*nouve(?:aux?|lles?|l) (?!dates?\b|edition|rendez|annee|an\b)\w+"
)
_TALK = re.compile(
    r"(?:(?:cafe|cine|grande?|cycle|mini|web|video) )?(?:colloque|conference|webinaire|debat|seminaire|atelier|formation|causerie|projection|concert|spectacle|theatre|forum|rencontre|table ronde)s?"
    r"(?: (?:debat|publique?|en ligne|rencontre|gratuite?|dansant)| (?:des|de|du|de la|de l|aux|pour) \w+(?: \w+)?)?$"
)
_NO_TALK = re.compile(
    r"\b(?:appels? a|offres?|recrut\w+|tarifs?|horaires?|menus?|photos?|videos?|replay|compte|comptes|proces|travaux|plan|candidatures?|circulation|stationnement|dossiers?|programmes?|convention|subventions?)\b"
)
_DOORS = re.compile(r"\b(?:inscri\w+|billetterie|reserv\w+|candidatures?)\b")
_EMPTY = frozenset(
    "le la les l un une des du de d au aux a en et ce cet cette ces son sa ses leur leurs notre nos votre vos mon qui que "
    "se s aura auront lieu tiendra tiendront deroulera est sont sera seront prevu prevue prevus prevues programme programmee "
    "lundi mardi mercredi jeudi vendredi samedi dimanche date dates quand jour des heure heures h matin soir partir des dans pour sur "
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre puis er "
    "annulation annule annulee report reporte reportee attention important nouveau nouvelle rappel info infos "
    "save the date a vos agendas".split()
)
# What is said of a thing that day and is no coming together: it closes, is forbidden, takes effect, comes out.
_SHUT = (
    r"ferme(?:e|s|es|ra|ront|nt)?|fermant|suspendue?s?|suspend(?:ent|ra|ront)?|interromp(?:ue?s?|t|ent)|interdi(?:te?s?|re)|supprime(?:e|s|es)?|barree?s?"
    r"|indisponibles?|inaccessibles?|perturbee?s?|en greve"
)
_SHUTS = re.compile(rf"\b(?:{_SHUT})\b")
_CLOSES = re.compile(
    rf"\b(?:{_SHUT}|prend(?:ra)? (?:fin|effet|ses fonctions)|entrera? en vigueur|demenage(?:nt|ra)?|applicables?|disponibles?|en vente"
    r"|devoil(?:e|ee|es|ees|era)|paraitra|parait|mise?s? (?:en (?:service|ligne|vente|place|application)|a jour)"
    r"|(?:vot|adopt|publi|vers|raccord|livr|distribu|sign)ees?|(?:est|sont|sera|seront|ete) (?:annonc|vot|adopt|publi|vers|raccord|livr|distribu|sign|nomm|connu|reserv|parti|renouvel)\w*"
    r"|recrute(?:nt|ra)?|embauche(?:nt|ra)?|rouvr\w+|reouv\w+|modifie(?:e|s|es)?|arriver(?:a|ont)|prolonge\w*|change(?:nt|ra|ront)?|augmente(?:nt|ra|ront)?"
    r"|(?:transfere|deplace)(?:e|s|es)? (?:place|rue|avenue|quai|parking|cours|boulevard|parvis|square))\b"
)
_FARM = re.compile(r"\b(?:la|de|une|cette|ma|petite|en|notre|a) ferme$")
_OPENS = re.compile(r"\b(?:ouvr\w+|ouverte?s?)\b(?! (?:a|aux|au public|la marche))")
_OPEN_DAY = re.compile(r"\b(?:portes?|scene|micro|ateliers?|jardins?|fermes?|eglises?) ouverte?s?\b")
_PAST = re.compile(
    r"\b(?!(?:fait|lait|parfait|portrait|extrait|retrait|attrait|souhait|trait|bienfait|plait|satisfait|forfait|mefait|abstrait|distrait|connait"
    r"|parait|imparfait|kuwait)\b)[a-z]{2,}(?:ait|aient)\b"
    r"|\b(?:a|ont) (?:eu|ete (?!report|annul|decal|deplac|repouss|avanc)|accueilli|recu|organise|celebre|fete|participe|rassemble|reuni|rencontre|visite|remporte|gagne|signe|adopte|vote"
    r"|inaugure|permis|obtenu|rendu|pris|lance)\b|\bs est (?:tenue?|deroulee?|rendue?|achevee?)\b|\bse sont (?:tenu|deroule|rendu|reuni|retrouve)\w*"
)
# In the title as it stands: « a rapporté » is no « à … ».
_PERFECT = re.compile(
    r"\b(?:a|ont|avons)\s(?:(?:bien|déjà|enfin|aussi|tous|toutes)\s)?(?:été\s(?!annul|report|fix|program|prév|avanc|décal|déplac|repouss|convoq)\w+"
    r"|(?!été|lieu|peu|midi|minuit|aussi)[a-zàâçéèêëîïôûùüÿœ]{2,}(?:é|i|u|is|it|ert)\b)"
)
_BEGINS = re.compile(r"\b(?:des l[ea]s?|a (?:partir|compter) (?:du|de|d)|depuis)\b[a-z ]*$")


def begins(title: str, start: int) -> bool:
    """Whether something that goes on begins on the day that stands at `start` of a title (« dès le », « à partir du »)."""
    lead = _LEAD.match(fold(title[start : start + 30]))
    return _BEGINS.search(_words(fold(title[max(0, start - 30) : start]) + (lead.group() if lead else ""))) is not None


def subject(title: str, span: tuple[int, int] | None = None) -> Subject:
    """Say what a title is about on the day that stands at `span` of it or, without one, altogether.

    "gathering": people come together; "weak": they do if an hour stands; "other": a paper, works, a closure, an opening of
    registrations, a call, a job, something past; "unknown": its words do not say.
    """
    folded = fold(title)
    if span is None:
        return _undated([_words(part) for part in _CUT.split(_NAME.sub(" « ", folded))])
    start, end = span
    around = _CUT.split(title[:start])[-1] + " " + _CUT.split(title[end:])[0]
    if _PERFECT.search(_NAME.sub(" ", around)):
        return "other"
    *earlier, before = (_words(part) for part in _CUT.split(_NAME.sub(" « ", folded[:start])))
    after, *later = (_words(part) for part in _CUT.split(_NAME.sub(" « ", folded[end:])))
    told = _dated(earlier, before, after, later)
    if told == "unknown" and "«" in folded and _head(_words(folded[:start]))[0] == "gathering":
        return "gathering"  # « Concert de Noël », le 12 décembre
    return told


def parted(words: str) -> int:
    """Where the first segment of some dates ends; 0: nothing but dates stands in the others."""
    folded = fold(words)
    cut = _CUT.search(folded)
    return cut.start() if cut and not _EMPTY.issuperset(re.findall(r"[a-z]{2,}", folded[cut.end() :])) else 0


def is_date(words: str) -> bool:
    """Whether words say nothing beside a date (« Rappel : », « le jeudi »)."""
    return _EMPTY.issuperset(_words(fold(words)).split())


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text))


def _dated(earlier: list[str], before: str, after: str, later: list[str]) -> Subject:
    here = f"{before} {after}"
    if _PAST.search(here):
        return "other"
    head, at, door = _head(before)
    bare = _EMPTY.issuperset(before.split())
    if head != "gathering" and _NOVELTY.match(before):
        return "other"  # « Périscolaire : nouvelle facturation le 1er mars »
    if earlier and _head(earlier[-1])[0] == "paper":
        return "other"  # « Arrêté de circulation : course du 14 mars »
    around = [after, *reversed(earlier), *later] if bare else [*reversed(earlier), after, *later]
    for part in around:
        if head != "unknown":
            break
        other, _, door = _head(part)
        if other == "gathering" or bare or part is not after:
            head = other
    if head in ("other", "paper") and earlier and _TALK.match(earlier[0]) and not door and not _NO_TALK.search(before):
        # « Colloque : 20 ans de la loi Oudin »: what they speak of; « Conférence : réponses … » needs its hour.
        head = "weak" if at < 1 or _EMPTY.issuperset(before.split()[:at]) else "gathering"
    if head == "gathering" and at > 3 and earlier and _head(earlier[0])[0] == "other":
        return "other"  # « Offre d'emploi : animateur de séjours »
    if _closes(_CLOSES, here, head) or any(_closes(_SHUTS, part, "unknown") for part in later):
        return "other"
    if _OPENS.search(here) and (head != "gathering" or door or _DOORS.search(here)) and not _OPEN_DAY.search(here):
        return "other"
    if any(_MINUTES.match(part) and len(part.split()) <= 5 for part in later):
        return "other"
    return head if head == "gathering" or head == "weak" or head == "unknown" else "other"


def _undated(parts: list[str]) -> Subject:
    heads = [_head(part) for part in parts]
    known = [head for head, _, _ in heads if head != "unknown"]
    if any(_closes(_CLOSES, part, "unknown") or _PAST.search(part) for part in parts) or (
        known and known[-1] == "paper"
    ):
        return "other"
    if "other" in known or "paper" in known:
        last, at, _ = next(one for one in reversed(heads) if one[0] != "unknown")
        return "gathering" if last == "gathering" and at < 2 else "other"
    return "gathering" if "gathering" in known else "weak" if known else "unknown"


def _closes(said: re.Pattern[str], words: str, head: str) -> bool:
    """Whether words say that something closes or takes effect; a gathering « sur la fermeture » is one all the same."""
    for found in said.finditer(words):
        if found.group() == "ferme" and _FARM.search(words, 0, found.end()):
            continue
        if head == "gathering" and _ABOUT.search(words, 0, found.start()):
            continue
        return True
    return False


def _head(words: str) -> tuple[_Kind | Literal["unknown"], int, bool]:
    """The kind of the first known word, how many words stand before it, and whether one came to it by a door."""
    door, place, skip = False, 0, 0
    for number, found in enumerate(_WORD.finditer(words)):
        if number < skip:
            continue
        word, kind, length = found.group(), None, 1
        for pattern, of in _PHRASES.get(word, ()):
            match = pattern.match(words, found.start())
            long = match.group().count(" ") + 1 if match else 0
            if long and (kind is None or long > length):  # the longest counts
                kind, length = of, long
        if kind is None:
            kind = _WORDS.get(word) or (_started(word) if word.startswith(_BEGINNINGS) else None)
        skip = number + length
        if kind is None or kind == "none":
            continue
        if kind == "door" and not door:
            door, place = True, number
            continue
        if door:  # « ouverture de la billetterie du festival » is none
            return ("gathering" if kind == "gathering" else "other"), place, True
        return kind, number, False
    return ("other" if door else "unknown"), place, door


def _started(word: str) -> _Kind:
    return next(kind for start, kind in _STARTS.items() if word.startswith(start))
