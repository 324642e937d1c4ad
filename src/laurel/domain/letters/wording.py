"""The sentences of letters in each language, with {name}, {issuer}, {recipient} and {day} to be filled in."""

from collections.abc import Mapping

Wording = Mapping[str, str]

_EN: Wording = {
    "issued_subject": "{name}: your credential from {issuer}",
    "issued_lead": "{recipient}, {issuer} has issued you the credential “{name}”.",
    "issued_action": "See your credential",
    "expiring_subject": "{name} is valid until {day}",
    "expiring_lead": "{recipient}, your credential “{name}” from {issuer} is valid until {day}.",
    "expiring_action": "See your credential",
    "link_subject": "Your link to your credentials",
    "link_lead": "Open this link to see all credentials that were issued to you. It works once, within 30 minutes.",
    "link_action": "Open my wallet",
    "link_ignore": "If you did not ask for it, nothing needs to be done.",
    "invitation_subject": "{issuer} invites you",
    "invitation_lead": "{recipient}, you are invited to the console of {issuer}. The link works once, until {day}.",
    "invitation_action": "Accept the invitation",
    "invitation_ignore": "If you do not know what this is about, nothing needs to be done.",
    "stop": "No more letters from {issuer}",
}
_DE: Wording = {
    "issued_subject": "{name}: Ihr Nachweis von {issuer}",
    "issued_lead": "{recipient}, {issuer} hat Ihnen den Nachweis „{name}“ ausgestellt.",
    "issued_action": "Nachweis ansehen",
    "expiring_subject": "{name} ist gültig bis {day}",
    "expiring_lead": "{recipient}, Ihr Nachweis „{name}“ von {issuer} ist gültig bis {day}.",
    "expiring_action": "Nachweis ansehen",
    "link_subject": "Ihr Link zu Ihren Nachweisen",
    "link_lead": "Öffnen Sie diesen Link, um alle Ihre Nachweise zu sehen. Er gilt einmal, 30 Minuten lang.",
    "link_action": "Meine Nachweise öffnen",
    "link_ignore": "Haben Sie ihn nicht angefordert, brauchen Sie nichts zu tun.",
    "invitation_subject": "{issuer} lädt Sie ein",
    "invitation_lead": "{recipient}, Sie sind in die Verwaltung von {issuer} eingeladen. Der Link gilt einmal, bis {day}.",
    "invitation_action": "Einladung annehmen",
    "invitation_ignore": "Wissen Sie nicht, worum es geht, brauchen Sie nichts zu tun.",
    "stop": "Keine Briefe mehr von {issuer}",
}
_ES: Wording = {
    "issued_subject": "{name}: su credencial de {issuer}",
    "issued_lead": "{recipient}: {issuer} le ha otorgado la credencial «{name}».",
    "issued_action": "Ver la credencial",
    "expiring_subject": "{name} es válida hasta el {day}",
    "expiring_lead": "{recipient}: su credencial «{name}» de {issuer} es válida hasta el {day}.",
    "expiring_action": "Ver la credencial",
    "link_subject": "Su enlace a sus credenciales",
    "link_lead": "Abra este enlace para ver todas sus credenciales. Sirve una vez, durante 30 minutos.",
    "link_action": "Abrir mi cartera",
    "link_ignore": "Si no lo ha pedido, no tiene que hacer nada.",
    "invitation_subject": "{issuer} le invita",
    "invitation_lead": "{recipient}: le invitan a la consola de {issuer}. El enlace sirve una vez, hasta el {day}.",
    "invitation_action": "Aceptar la invitación",
    "invitation_ignore": "Si no sabe de qué se trata, no tiene que hacer nada.",
    "stop": "No recibir más mensajes de {issuer}",
}
_FR: Wording = {
    "issued_subject": "{name} : votre attestation de {issuer}",
    "issued_lead": "{recipient}, {issuer} vous a délivré l’attestation « {name} ».",
    "issued_action": "Voir l’attestation",
    "expiring_subject": "{name} est valable jusqu’au {day}",
    "expiring_lead": "{recipient}, votre attestation « {name} » de {issuer} est valable jusqu’au {day}.",
    "expiring_action": "Voir l’attestation",
    "link_subject": "Votre lien vers vos attestations",
    "link_lead": "Ouvrez ce lien pour voir toutes vos attestations. Il sert une fois, pendant 30 minutes.",
    "link_action": "Ouvrir mon portefeuille",
    "link_ignore": "Si vous ne l’avez pas demandé, vous n’avez rien à faire.",
    "invitation_subject": "{issuer} vous invite",
    "invitation_lead": "{recipient}, vous êtes invité à la console de {issuer}. Le lien sert une fois, jusqu’au {day}.",
    "invitation_action": "Accepter l’invitation",
    "invitation_ignore": "Si vous ne savez pas de quoi il s’agit, vous n’avez rien à faire.",
    "stop": "Ne plus recevoir de messages de {issuer}",
}
_JA: Wording = {
    "issued_subject": "{name}：{issuer}からの証明書",
    "issued_lead": "{recipient}様、{issuer}から証明書「{name}」が発行されました。",
    "issued_action": "証明書を見る",
    "expiring_subject": "{name}の有効期限は{day}です",
    "expiring_lead": "{recipient}様、{issuer}の証明書「{name}」の有効期限は{day}です。",
    "expiring_action": "証明書を見る",
    "link_subject": "証明書一覧へのリンク",
    "link_lead": "このリンクを開くと、発行されたすべての証明書を確認できます。30分以内に一度だけ使えます。",
    "link_action": "ウォレットを開く",
    "link_ignore": "お心当たりがない場合は、何もする必要はありません。",
    "invitation_subject": "{issuer}からの招待",
    "invitation_lead": "{recipient}様、{issuer}の管理画面に招待されました。このリンクは{day}まで一度だけ使えます。",
    "invitation_action": "招待を受ける",
    "invitation_ignore": "お心当たりがない場合は、何もする必要はありません。",
    "stop": "{issuer}からのメールを停止",
}
_AR: Wording = {
    "issued_subject": "{name}: شهادتك من {issuer}",
    "issued_lead": "{recipient}، أصدرت لك {issuer} شهادة «{name}».",
    "issued_action": "عرض الشهادة",
    "expiring_subject": "{name} صالحة حتى {day}",
    "expiring_lead": "{recipient}، شهادتك «{name}» من {issuer} صالحة حتى {day}.",
    "expiring_action": "عرض الشهادة",
    "link_subject": "رابط شهاداتك",
    "link_lead": "افتح هذا الرابط لرؤية جميع شهاداتك. يعمل مرة واحدة خلال 30 دقيقة.",
    "link_action": "افتح محفظتي",
    "link_ignore": "إذا لم تطلبه فلا حاجة إلى أي إجراء.",
    "invitation_subject": "{issuer} تدعوك",
    "invitation_lead": "{recipient}، أنت مدعو إلى لوحة إدارة {issuer}. يعمل الرابط مرة واحدة حتى {day}.",
    "invitation_action": "قبول الدعوة",
    "invitation_ignore": "إذا كنت لا تعرف سبب هذه الرسالة فلا حاجة إلى أي إجراء.",
    "stop": "إيقاف الرسائل من {issuer}",
}
WORDINGS: Mapping[str, Wording] = {"en": _EN, "de": _DE, "es": _ES, "fr": _FR, "ja": _JA, "ar": _AR}


def wording_in(language: str) -> tuple[str, Wording]:
    """(language, its sentences); English for languages that are not known."""
    base = language.split("-", 1)[0].lower()
    return (base, WORDINGS[base]) if base in WORDINGS else ("en", _EN)
