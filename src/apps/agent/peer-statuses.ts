import type { PeerStatus } from "../../model/status.ts";
import type { Members } from "../../runtime/members.ts";
import type { PeerKnowledge } from "../../runtime/peer-knowledge.ts";

/** The member sites as an agent knows them. */
export function peerStatuses(members: Members, knowledge: PeerKnowledge): readonly PeerStatus[] {
  return members.all().map((member) => ({
    name: member.name,
    accepted: member.accepted,
    connected: knowledge.isConnected(member.name),
    gateways: member.gateways.map((gateway) => `${gateway.address}:${gateway.port}`),
  }));
}
