/** The paths of the service that people used before, for their scripts: a workspace was named by `workspaceId`, which is the connection now. */
const workspace = { connection: '{workspaceId}' } as const;
const customer = { ...workspace, entity: 'customers', id: '{customerId}' } as const;
/** known by the connection */
const ignore = ['tenantId'];

export const aliases = [
  { method: 'POST', path: '/trigger', operation: 'sync', input: workspace, ignore },
  { method: 'GET', path: '/status', operation: 'outcome', when: 'instanceId', input: { workflowId: '{instanceId}' } },
  { method: 'GET', path: '/status', operation: 'status', input: workspace, ignore },
  { method: 'GET', path: '/debug/raw-customer', when: 'customerId', operation: 'record raw', input: customer, ignore },
  // asked of no customer in particular to see whether the credentials are valid
  { method: 'GET', path: '/debug/raw-customer', operation: 'connections check', input: workspace, ignore },
  {
    method: 'POST',
    path: '/debug/add-note',
    operation: 'touch',
    ignore,
    input: { ...customer, text: '{text}' },
    reason: 'asked for at /debug/add-note',
  },
] as const;
