/* What Flask-Admin's templates did in attributes, which a strict Content-Security-Policy does not run. */
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-run-action],[data-add-inline],[data-toggle],a[href='#']");
  if (!link) return;
  if (link.getAttribute("href") === "#") event.preventDefault();
  if (link.dataset.runAction) modelActions.execute(link.dataset.runAction);
  if (link.dataset.addInline) faForm.addInlineField(link, link.dataset.addInline);
});
