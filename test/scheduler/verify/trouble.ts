/** Why a comparison cannot be made or go on. */
export type TroubleKind = "usage" | "unreachable";

/** Something that the person who compares has to mend first. */
export class Trouble extends Error {
  readonly kind: TroubleKind;

  constructor(kind: TroubleKind, message: string) {
    super(message);
    this.name = "Trouble";
    this.kind = kind;
  }
}
