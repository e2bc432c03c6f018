/** When the page itself fails, the user's text is still at hand. */
import { Component, type ComponentChildren } from "preact";
import { project } from "../model/project";

export class Boundary extends Component<{ children: ComponentChildren }, { error: Error | undefined }> {
  override state = { error: undefined as Error | undefined };
  override componentDidCatch(error: Error): void {
    this.setState({ error });
  }
  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const text = project.peek().files.map((file) => `# ${file.name}\n${file.text}`).join("\n---\n");
    return (
      <main class="broken">
        <h1>The page stopped. Your manifests are safe.</h1>
        <p class="muted">{error.message}</p>
        <div class="dialog-actions"><button type="button" class="btn" onClick={() => this.setState({ error: undefined })}>Restart</button></div>
        <textarea class="mono" readOnly aria-label="Your manifests" value={text} />
      </main>
    );
  }
}
