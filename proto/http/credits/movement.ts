import { z } from "zod";
import { DecimalId, UserId } from "../common.ts";
import { Credits, GrantKind, Version } from "./terms.ts";

const Draw = z.object({ grantId: DecimalId, kind: GrantKind, amount: Credits });

export const Draws = z.array(Draw).meta({
  description:
    "What came from, or went to, which grant; amounts without a sign. Of a reset first what lapsed, then what was given, mostly of the same grant.",
});

export const movementShape = {
  transactionId: DecimalId,
  userId: UserId,
  amount: Credits.meta({ description: "How many credits, positive." }),
  balanceBefore: Credits,
  balanceAfter: Credits,
  heldAfter: Credits,
  available: Credits,
  version: Version,
  draws: Draws,
};

/** The answer of every call that moves credits. */
export const Movement = z.object(movementShape).meta({ id: "CreditMovement" });
