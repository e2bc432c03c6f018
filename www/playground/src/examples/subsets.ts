/** A route that names a subset of each region by weight: Envoy never moves a weight from one to the other. */
import { OUTLIER, rule, SERVICE } from "./blocks";

export const PINNED_ROUTE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: hello-world
  namespace: default
spec:
  hosts:
  - '*'
  gateways:
  - public-gateway
  http:
  - route:
    - destination:
        host: ${SERVICE}
        subset: europe-west1
      weight: 50
    - destination:
        host: ${SERVICE}
        subset: us-central1
      weight: 50
`;

const subset = (region: string): string => `  - name: ${region}
    labels:
      topology.kubernetes.io/region: ${region}
`;

export const PINNED_RULE = `${rule(OUTLIER)}  subsets:
${subset("europe-west1")}${subset("us-central1")}`;
