// What went wrong, in the place where it did.
import { Component, type ReactNode } from "react";
import { Failure } from "../api/client";
import { sentence } from "../api/problems";
import { useWords } from "../words";
import { Button } from "./Button";

export function Problem({ problem, onRetry }: { problem: unknown; onRetry?: () => void }) {
  const words = useWords();
  if (!problem) return null;
  const said = sentence(problem, words);
  const failure = problem instanceof Failure && problem.status > 0 ? problem : null;
  return (
    <div className="problem" role="alert">
      <p>{said}</p>
      {failure && (failure.detail !== said || failure.status >= 500) && (
        <details>
          <summary>{words.common.details}</summary>
          <p lang="en">{failure.detail}</p>
          <p className="muted">{failure.status} · {words.problems.requestId(failure.requestId)}</p>
        </details>
      )}
      {onRetry && <Button onClick={onRetry}>{words.common.retry}</Button>}
    </div>
  );
}

/** Keeps a part that fails from taking the whole page with it. */
export class Guard extends Component<{ children: ReactNode }, { problem: unknown }> {
  override state = { problem: null as unknown };

  static getDerivedStateFromError(problem: unknown) {
    return { problem };
  }

  override render() {
    if (!this.state.problem) return this.props.children;
    return <Problem problem={this.state.problem} onRetry={() => this.setState({ problem: null })} />;
  }
}
