import { Link } from "wouter";
import ui from "../ui/ui.module.css";
import styles from "./admin.module.css";

/** A user id as a way to the user's page; the id may hold any of _ @ | : - */
export function UserLink({ userId }: { userId: string }) {
  return (
    <Link href={`/users/${encodeURIComponent(userId)}`} className={`${ui.link} ${styles.userId}`}>
      {userId}
    </Link>
  );
}
