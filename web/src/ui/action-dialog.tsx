import { Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Answer, newKey } from "../api/api.ts";
import { Failure } from "./states.tsx";
import { useToast } from "./toast.ts";

export interface ActionDialogProps {
  readonly title: string;
  /** What will happen, in a sentence. */
  readonly lead?: ReactNode;
  readonly submit: string;
  readonly danger?: boolean;
  readonly onClose: () => void;
  /** The words of the note that tells of success. */
  readonly done: string;
  /** `key`: an Idempotency-Key that stays the same while this dialog is open, so trying again does nothing twice. */
  readonly run: (reason: string, key: string) => Promise<Answer<unknown>>;
  /** Fields beside the reason. */
  readonly children?: ReactNode;
}

/** Anything an admin does: says what happens, asks for a reason, shows what was refused and why. */
export function ActionDialog({ title, lead, submit, danger, onClose, done, run, children }: ActionDialogProps) {
  const { t } = useTranslation();
  const toast = useToast();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const [key] = useState(newKey);
  const act = useMutation({
    mutationFn: () => run(reason.trim(), key),
    onSuccess: async ({ status }) => {
      toast({ message: status === 202 ? t("common.waitsForApproval") : done, color: "evergreen" });
      onClose();
      await queries.invalidateQueries();
    },
  });
  const send = (event: FormEvent): void => {
    event.preventDefault();
    act.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": t("common.close") }}>
      <form onSubmit={send}>
        <Stack>
          {lead === undefined ? null : <div>{lead}</div>}
          {children}
          <Textarea
            label={t("common.reason")}
            description={t("common.reasonHint")}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            maxLength={255}
            required
            autosize
            minRows={2}
            data-autofocus={children === undefined ? true : undefined}
          />
          {act.error === null ? null : <Failure error={act.error} />}
          <Group justify="end">
            <Button variant="default" onClick={onClose}>
              {t("common.cancel")}
            </Button>
            <Button
              type="submit"
              color={danger === true ? "red" : undefined}
              loading={act.isPending}
              disabled={reason.trim() === ""}
            >
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
