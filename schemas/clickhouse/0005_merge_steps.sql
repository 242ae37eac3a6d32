-- A writer inserts once a second, and a tenth of what it costs to store a row was writing it again: parts were merged five at a time, the
-- results with the next five, and so on. Merged ten at a time of the same size a row is written half as often.
ALTER TABLE ntk.access_results MODIFY SETTING merge_selector_base = 10;
