/**
 * What to set where a connection does not come about, by what was seen of it and what is set. Each of these is also what a broker that is just
 * starting, or something in front of it, may do for a moment: so none of them is sure.
 */
import { causes } from './kafka-error.ts';
import type { KafkaAccess } from './kafkajs-internals.ts';

type Settings = Pick<KafkaAccess, 'ssl' | 'sasl'>;

/** Of OpenSSL and Node, which have no codes for all of them. */
const SEEN = {
  noTls: /before secure TLS connection|wrong version number|packet length too long|Connection timeout/,
  noAnswer: /ended before the first answer|does not answer|is no answer/,
  ended: /^Closed connection$/,
  unknownAuthority: /unable to verify|self-signed certificate|unable to get (?:local )?issuer/,
  otherName: /does not match certificate/,
  wantsCertificate: /alert (?:bad certificate|certificate required|certificate unknown|unknown ca)/,
} as const;

/** Completes "Kafka cannot be reached ...: "; null where no setting comes to mind. */
export function settingsAdvice(error: unknown, { ssl, sasl }: Settings): string | null {
  const all = [...causes(error)];
  const at = all.map(addressOf).find((address) => address !== null) ?? 'the broker';
  const isSeen = (what: keyof typeof SEEN): boolean => all.some(({ message }) => SEEN[what].test(message));
  if (ssl === undefined) {
    if (isSeen('noAnswer'))
      return `if it always does that: is ${at} Kafka, and does it speak TLS? Then set NTK_KAFKA_TLS=on, or name the port of a listener without`;
  } else {
    if (isSeen('unknownAuthority')) return `name the authority that signed the certificate of ${at} with NTK_KAFKA_CA_FILE`;
    if (isSeen('otherName')) return `NTK_KAFKA_BROKERS has to name ${at} as its certificate does`;
    if (isSeen('wantsCertificate'))
      return `${at} wants a certificate of an authority that it knows: see NTK_KAFKA_CERT_FILE and NTK_KAFKA_KEY_FILE`;
    if (isSeen('noTls') || isSeen('noAnswer'))
      return `if it always does that, ${at} speaks no TLS: name the port of a listener that does, or set NTK_KAFKA_TLS=off`;
  }
  if (sasl === undefined && isSeen('ended'))
    return `if it always does that, ${at} asks who this is: set NTK_KAFKA_SASL with NTK_KAFKA_USER and NTK_KAFKA_PASSWORD, or name the port of a listener without SASL`;
  return null;
}

function addressOf(error: Error): string | null {
  return 'broker' in error && typeof error.broker === 'string' ? error.broker : null;
}
