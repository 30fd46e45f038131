/** The page in one file: an exported atlas, or within a notebook's frame what the notebook answers. */

import { contentsOf, type Data } from "./hosts/contents";
import { fileHost } from "./hosts/file";
import { notebookHost } from "./hosts/notebook";
import { followNotebook } from "./hosts/widget.svelte";
import { mountPage } from "./mount";

const data = JSON.parse(document.getElementById("data")!.textContent!) as Data | null;
if (data) mountPage(fileHost(contentsOf(data)));
else {
  const host = await notebookHost();
  followNotebook(host);
  mountPage(host);
}
