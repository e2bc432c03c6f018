/** The first script, and a small one: the core loads in its worker while the page is still read. */
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/stage.css";
import "./styles/timeline.css";
import "./styles/editor.css";
import "./styles/dialogs.css";
import "./styles/small.css";
import { begin } from "./core/client";

begin();
void import("./page");
