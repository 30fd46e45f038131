/** The page in one file: within a notebook's frame the notebook answers it. */

import { notebookHost } from "./hosts/notebook";
import { followNotebook } from "./hosts/widget.svelte";
import { mountPage } from "./mount";

const host = await notebookHost();
followNotebook(host);
mountPage(host);
