import { Component, type ReactNode } from "react";
import { Failure } from "../ui/states.tsx";
import styles from "./shell.module.css";

/** A page that broke says so, and begins anew on demand. */
export class Crash extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <main className={styles.crash}>
        <Failure error={error} onRetry={() => this.setState({ error: undefined })} />
      </main>
    );
  }
}
