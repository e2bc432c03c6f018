/** The fields; each writes into the manifests at once, and follows them. */
import type { ComponentChildren } from "preact";
import {
  form, OUTLIER_FIELDS, setConnectTimeout, setDuration, setHost, setOutlier, setOutlierField, setPort, setRate, setReplicas, setRouter, setSharing, setWeight,
  type FormValues, type Sharing,
} from "../../model/form";
import { renderOpen } from "../../model/panels";
import { run } from "../../model/session";
import { Icon } from "../icons";
import { Badge } from "../marks";

const SHARINGS: [Sharing, string][] = [["distribute", "By weight"], ["failover", "Own region first, then the named one"], ["failoverPriority", "Nearest first, by labels"], ["none", "All endpoints alike"]];

export function Form() {
  const values = form.value;
  if (typeof values === "string") return <div class="form"><p class="muted form-none">{values}</p></div>;
  return (
    <form class="form" aria-label="Settings" onSubmit={(event) => event.preventDefault()}>
      <fieldset>
        <legend>Service</legend>
        <Field label="Host"><input class="mono" value={values.host} onChange={(event) => setHost(event.currentTarget.value.trim(), values.host)} /></Field>
        <Field label="Port"><input class="num" inputMode="numeric" value={values.port} onChange={(event) => setPort(event.currentTarget.value)} /></Field>
      </fieldset>
      <Regions values={values} />
      <fieldset>
        <legend>Outlier detection</legend>
        <Field label="Eject failing endpoints"><input type="checkbox" checked={values.outlier !== undefined} onChange={(event) => setOutlier(event.currentTarget.checked)} /></Field>
        {values.outlier && OUTLIER_FIELDS.map(([name, label, fallback]) => (
          <Field key={name} label={label}><input class="num" value={values.outlier?.[name] ?? ""} placeholder={fallback} onChange={(event) => setOutlierField(name, event.currentTarget.value.trim())} /></Field>
        ))}
        <Field label="Connect timeout"><input class="num" value={values.connectTimeout} placeholder="10s" onChange={(event) => setConnectTimeout(event.currentTarget.value.trim())} /></Field>
      </fieldset>
      <fieldset>
        <legend>Gateway</legend>
        <Field label="Region router"><input type="checkbox" checked={values.router} onChange={(event) => setRouter(event.currentTarget.checked)} /></Field>
      </fieldset>
      <fieldset>
        <legend>Traffic</legend>
        <Field label="Requests a second"><input class="num" inputMode="numeric" value={values.rate} onChange={(event) => setRate(event.currentTarget.value.trim())} /></Field>
        <Field label="Duration"><input class="num" value={values.duration} onChange={(event) => setDuration(event.currentTarget.value.trim())} /></Field>
      </fieldset>
      <div class="form-actions"><button type="button" class="btn" aria-haspopup="dialog" onClick={() => (renderOpen.value = true)}><Icon name="form" />Render manifests</button></div>
    </form>
  );
}

function Regions({ values }: { values: FormValues }) {
  const sum = values.regions.reduce((total, { weight }) => total + (weight ?? 0), 0);
  return (
    <fieldset>
      <legend>Regions, seen from {values.from}</legend>
      <Field label="Share traffic">
        <select value={values.sharing} onChange={(event) => setSharing(event.currentTarget.value as Sharing, values)}>
          {SHARINGS.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
        </select>
      </Field>
      <table class="form-regions">
        <thead><tr><th scope="col">Region</th><th scope="col">Endpoints</th><th scope="col">{values.sharing === "distribute" ? "Weight, %" : ""}</th></tr></thead>
        <tbody>
          {values.regions.map(({ name, cluster, replicas, weight }) => {
            const region = run.value?.regions.find((candidate) => candidate.name === name);
            return (
              <tr key={cluster}>
                <th scope="row">{region && <Badge region={region} small />}<span class="region-name">{name}</span></th>
                <td><input class="num" inputMode="numeric" aria-label={`Endpoints in ${cluster}`} value={replicas} onChange={(event) => setReplicas(cluster, event.currentTarget.value)} /></td>
                <td>{values.sharing === "distribute" && <input class="num" inputMode="numeric" aria-label={`Weight of ${name}`} value={weight ?? ""} placeholder="none" onChange={(event) => setWeight(name, event.currentTarget.value.trim(), values.from)} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {values.sharing === "distribute" && sum !== 100 && <p class="form-note err num">The weights sum up to {sum}; they must be 100.</p>}
    </fieldset>
  );
}

function Field({ label, children }: { label: string; children: ComponentChildren }) {
  return <label class="field"><span>{label}</span>{children}</label>;
}
