"""The words of the public pages in six languages, dates as each writes them, and which language a reader gets. Pure."""

from collections.abc import Mapping
from datetime import date

LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
    "ar": "العربية",
}
RIGHT_TO_LEFT = frozenset({"ar"})

_WORDS: Mapping[str, tuple[str, str, str, str, str, str]] = {
    "awarded_to": ("Awarded to", "Verliehen an", "Otorgado a", "Décerné à", "授与先", "مُنحت إلى"),
    "issued_by": ("Issued by", "Ausgestellt von", "Emitido por", "Délivré par", "発行者", "صادرة عن"),
    "issued_on": ("Issued on", "Ausgestellt am", "Fecha de emisión", "Délivré le", "発行日", "تاريخ الإصدار"),
    "expires_on": ("Valid until", "Gültig bis", "Válido hasta", "Valable jusqu’au", "有効期限", "صالحة حتى"),
    "never_expires": ("Does not expire", "Läuft nicht ab", "No caduca", "N’expire pas", "無期限", "لا تنتهي صلاحيتها"),
    "credential_id": ("Credential ID", "Nachweis-ID", "ID de la credencial", "Identifiant", "証明書ID", "معرّف الشهادة"),
    "description": ("What it stands for", "Wofür er steht", "Qué acredita", "Ce qu’il atteste", "内容", "ما تمثله"),
    "criteria": ("Criteria", "Kriterien", "Criterios", "Critères", "授与基準", "المعايير"),
    "evidence": ("Evidence", "Belege", "Evidencias", "Preuves", "エビデンス", "الأدلة"),
    "skills": ("Skills", "Fähigkeiten", "Competencias", "Compétences", "スキル", "المهارات"),
    "results": ("Results", "Ergebnisse", "Resultados", "Résultats", "成績", "النتائج"),
    "remark": ("Remark", "Anmerkung", "Nota", "Remarque", "備考", "ملاحظة"),
    "verification": ("Verification", "Prüfung", "Verificación", "Vérification", "検証", "التحقق"),
    "verify": ("Verify now", "Jetzt prüfen", "Verificar ahora", "Vérifier", "検証する", "تحقّق الآن"),
    "verifying": ("Checking…", "Wird geprüft …", "Verificando…", "Vérification…", "検証中…", "جارٍ التحقق…"),
    "share": ("Share", "Teilen", "Compartir", "Partager", "共有", "مشاركة"),
    "linkedin": ("Add to LinkedIn", "Zu LinkedIn hinzufügen", "Añadir a LinkedIn", "Ajouter à LinkedIn", "LinkedInに追加", "إضافة إلى لينكد إن"),
    "download": ("Download", "Herunterladen", "Descargar", "Télécharger", "ダウンロード", "تنزيل"),
    "certificate": ("Certificate (PDF)", "Urkunde (PDF)", "Certificado (PDF)", "Certificat (PDF)", "証明書 (PDF)", "الشهادة (PDF)"),
    "badge": ("Badge (PNG)", "Abzeichen (PNG)", "Insignia (PNG)", "Badge (PNG)", "バッジ (PNG)", "الشارة (PNG)"),
    "document": ("Credential (JSON)", "Nachweis (JSON)", "Credencial (JSON)", "Attestation (JSON)", "証明データ (JSON)", "بيانات الشهادة (JSON)"),
    "embed": ("Embed", "Einbetten", "Insertar", "Intégrer", "埋め込み", "تضمين"),
    "embed_hint": (
        "Copy this into a web page.", "In eine Webseite kopieren.", "Copie esto en una página web.",
        "À copier dans une page web.", "ウェブページに貼り付けてください。", "انسخ هذا إلى صفحة ويب.",
    ),
    "copy": ("Copy the link", "Link kopieren", "Copiar el enlace", "Copier le lien", "リンクをコピー", "نسخ الرابط"),
    "copied": ("Copied", "Kopiert", "Copiado", "Copié", "コピーしました", "تم النسخ"),
    "print": ("Print", "Drucken", "Imprimir", "Imprimer", "印刷", "طباعة"),
    "qr": ("QR code of this page", "QR-Code dieser Seite", "Código QR de esta página", "Code QR de cette page", "このページのQRコード", "رمز QR لهذه الصفحة"),
    "language": ("Language", "Sprache", "Idioma", "Langue", "言語", "اللغة"),
    "skip": ("Skip to the content", "Zum Inhalt", "Ir al contenido", "Aller au contenu", "本文へ", "انتقل إلى المحتوى"),
    "state_issued": ("Valid credential", "Gültiger Nachweis", "Credencial válida", "Attestation valide", "有効な証明書", "شهادة صالحة"),
    "state_intended": ("Being signed", "Wird signiert", "En proceso de firma", "Signature en cours", "署名中", "قيد التوقيع"),
    "state_expired": ("Expired", "Abgelaufen", "Caducada", "Expirée", "期限切れ", "منتهية الصلاحية"),
    "state_revoked": ("Revoked", "Widerrufen", "Revocada", "Révoquée", "失効", "ملغاة"),
    "state_suspended": ("Suspended", "Ausgesetzt", "Suspendida", "Suspendue", "一時停止中", "معلّقة"),
    "suspended_lead": (
        "The issuer has suspended this credential. It must not be relied upon for now.",
        "Der Aussteller hat diesen Nachweis ausgesetzt. Er gilt bis auf Weiteres nicht.",
        "El emisor ha suspendido esta credencial. Por ahora no es válida.",
        "L’émetteur a suspendu cette attestation. Elle n’est pas valable pour le moment.",
        "この証明書は発行者によって一時停止されています。現在は有効ではありません。",
        "علّقت الجهة المُصدِرة هذه الشهادة، وهي غير سارية حاليًا.",
    ),
    "suspended_until": ("Until", "Bis", "Hasta", "Jusqu’au", "終了日時", "حتى"),
    "revoked_lead": (
        "The issuer has revoked this credential. It must not be relied upon.",
        "Der Aussteller hat diesen Nachweis widerrufen. Er ist nicht mehr gültig.",
        "El emisor ha revocado esta credencial. Ya no es válida.",
        "L’émetteur a révoqué cette attestation. Elle n’est plus valable.",
        "この証明書は発行者によって失効されました。有効ではありません。",
        "ألغت الجهة المُصدِرة هذه الشهادة، ولم تعد سارية.",
    ),
    "expired_lead": (
        "This credential was valid until the date below.", "Dieser Nachweis war bis zum unten genannten Tag gültig.",
        "Esta credencial fue válida hasta la fecha indicada.", "Cette attestation était valable jusqu’à la date ci-dessous.",
        "この証明書の有効期限は過ぎています。", "كانت هذه الشهادة صالحة حتى التاريخ أدناه.",
    ),
    "reason": ("Reason", "Grund", "Motivo", "Motif", "理由", "السبب"),
    "more_of": ("About this achievement", "Über diese Auszeichnung", "Sobre este logro", "À propos de cette distinction", "この成果について", "عن هذا الإنجاز"),
    "footer": (
        "Issued and verified with Laurel, an open achievement server.", "Ausgestellt und geprüft mit Laurel, einem offenen Server für Nachweise.",
        "Emitida y verificada con Laurel, un servidor abierto de logros.", "Délivrée et vérifiée avec Laurel, un serveur de distinctions ouvert.",
        "オープンな成果サーバーLaurelで発行・検証されています。", "صدرت وتُتحقق عبر لوريل، وهو خادم مفتوح للإنجازات.",
    ),
    "wallet": ("Your wallet", "Ihre Nachweise", "Su cartera", "Votre portefeuille", "ウォレット", "محفظتك"),
    "private_heading": ("This credential is private", "Dieser Nachweis ist privat", "Esta credencial es privada", "Cette attestation est privée", "この証明書は非公開です", "هذه الشهادة خاصة"),
    "check_format": ("It can be read", "Lesbar", "Se puede leer", "Lisible", "読み取り", "قابلة للقراءة"),
    "check_structure": ("It keeps to the standard", "Entspricht dem Standard", "Cumple el estándar", "Conforme à la norme", "規格への準拠", "تتبع المعيار"),
    "check_proof": ("It was signed and not changed since", "Signiert und seither unverändert", "Firmada y sin cambios", "Signée et inchangée", "署名と改ざんの有無", "موقّعة ولم تتغيّر"),
    "check_issuer": ("It is the issuer’s own", "Stammt vom Aussteller", "Procede del emisor", "Provient de l’émetteur", "発行者の確認", "صادرة من الجهة نفسها"),
    "check_validity": ("It is within its dates", "Innerhalb der Gültigkeit", "Dentro de sus fechas", "Dans sa période de validité", "有効期間", "ضمن مدة الصلاحية"),
    "check_status": ("It is neither revoked nor suspended", "Weder widerrufen noch ausgesetzt", "Ni revocada ni suspendida", "Ni révoquée ni suspendue", "失効・一時停止の有無", "لم تُلغَ ولم تُعلَّق"),
    "check_recipient": ("It names the recipient", "Nennt die Person", "Indica la persona", "Désigne la personne", "受領者", "تذكر المستلم"),
    "check_record": ("It is in the issuer’s register", "Im Register des Ausstellers", "Consta en el registro del emisor", "Inscrite au registre de l’émetteur", "発行記録", "مسجلة لدى الجهة المصدرة"),
    "check_log": ("It is in the public log", "Im öffentlichen Protokoll", "Consta en el registro público", "Inscrite au journal public", "公開ログ", "مدرجة في السجل العام"),
    "check_refresh": ("It is the newest version", "Neueste Fassung", "Es la última versión", "Version la plus récente", "最新版", "أحدث نسخة"),
    "check_embedded": ("What it contains holds", "Enthaltenes ist gültig", "Su contenido es válido", "Son contenu est valide", "内包データ", "محتواها سليم"),
    "verdict_good": ("Every check has passed.", "Alle Prüfungen bestanden.", "Todas las comprobaciones son correctas.", "Toutes les vérifications sont réussies.", "すべての検証に合格しました。", "اجتازت جميع الفحوص."),
    "verdict_bad": ("Not every check has passed.", "Nicht alle Prüfungen bestanden.", "No todas las comprobaciones son correctas.", "Toutes les vérifications ne sont pas réussies.", "一部の検証に合格しませんでした。", "لم تجتز جميع الفحوص."),
}  # fmt: skip
_ORDER = tuple(LANGUAGES)

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}


def words_in(language: str) -> dict[str, str]:
    """Every word of the public pages in one of LANGUAGES."""
    place = _ORDER.index(language)
    return {name: texts[place] for name, texts in _WORDS.items()}


def dated(day: date, language: str) -> str:
    """A date as the language writes it; English for languages that are not known."""
    base = language.split("-", 1)[0].lower()
    if base in {"ja", "zh"}:
        return f"{day.year}年{day.month}月{day.day}日"
    month = _MONTHS.get(base, _MONTHS["en"]).split()[day.month - 1]
    match base:
        case "de":
            return f"{day.day}. {month} {day.year}"
        case "es":
            return f"{day.day} de {month} de {day.year}"
        case "fr":
            return f"{'1er' if day.day == 1 else day.day} {month} {day.year}"
        case _:
            return f"{day.day} {month} {day.year}"


def preferred(accept_language: str, default: str) -> str:
    """The best of LANGUAGES for an Accept-Language header (RFC 9110, 12.5.4), else the base of `default`, else English."""
    wishes = []
    for index, part in enumerate(accept_language[:500].split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        wishes.append((-weight, index, tag.split("-", 1)[0].lower()))
    for weight, _, base in sorted(wishes):
        if base in LANGUAGES and weight < 0:
            return base
    base = default.split("-", 1)[0].lower()
    return base if base in LANGUAGES else "en"
