/**
 * A data-modifying CTE over `judged`: rows whose content stays, but not what the merge rule knows of it, which is the dispute, and, where
 * the answer won, its times, the watermark, and where the row is listed. `where`: SQL over `judged` j, which of the known rows.
 */
export function touchSql(table: string, where: string): string {
  return /* sql */ `
      update ${table} t set _disputed_at = j._disputed_after,
        _sent_at = case when j._wins then j._sent else t._sent_at end,
        _received_at = case when j._wins then j._received else t._received_at end,
        _watermark_at = case when j._wins then j._watermark_after else t._watermark_at end,
        _partition = case when j._wins then j._partition_after else t._partition end,
        _origin = case when j._wins then j._origin_after else t._origin end
      from judged j where t.connection_id = j._connection and t.external_id = j._id and j._known and ${where}`;
}
