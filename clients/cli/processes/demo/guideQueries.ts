/** What people of the former service typed to look at a workspace, as they know it. */
export const guideQueries = [
  `SELECT sync_status, last_modified_cursor, last_sync_created, last_sync_updated,
       last_sync_errors, last_error, updated_at
FROM servicetitan_sync_state WHERE workspace_id = '45963'`,
  `SELECT firstname, lastname, crm_id, updated_at, created_at
FROM contacts
WHERE workspace_id = '45963' AND crm_id IS NOT NULL
ORDER BY updated_at DESC LIMIT 20`,
  `SELECT date_trunc('hour', updated_at) AS hour, COUNT(*) AS count
FROM contacts
WHERE workspace_id = '45963' AND crm_id IS NOT NULL
  AND updated_at >= NOW() - INTERVAL '24 hours'
GROUP BY 1 ORDER BY 1 DESC`,
  `SELECT MIN(crm_id::integer), MAX(crm_id::integer)
FROM contacts WHERE workspace_id = '45963'
  AND updated_at >= NOW() - INTERVAL '30 minutes'`,
  `SELECT crm_id, COUNT(*) as count
FROM contacts WHERE workspace_id = '45963' AND crm_id IS NOT NULL
GROUP BY crm_id HAVING COUNT(*) > 1`,
  `SELECT id, crm_id, firstname, lastname
FROM contacts WHERE crm_id = '20000001'`,
  `SELECT sync_enabled FROM servicetitan_sync_state WHERE workspace_id = '45963'`,
] as const;
